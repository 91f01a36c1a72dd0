"""Settings: NERQ_* environment variables and nerq.toml, read once at the start and passed down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from worker.errors import SettingsError
from worker.origins import did_you_mean, origins

#: Where container platforms mount secrets; a file `nerq_broker` there sets `broker`.
SECRETS_DIR = Path("/run/secrets")
#: What a broker's URL may say of TLS.
_BROKER_OPTIONS = {
    "ssl_ca_certs",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
    "ssl_password",
}
_CERT_REQS = ("required", "optional", "none")


class Settings(BaseSettings):
    """What an operator may set. Facts about a model (labels, windows) come from its folder, never from here."""

    model_config = SettingsConfigDict(
        env_prefix="NERQ_",
        toml_file="nerq.toml",
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )

    database: SecretStr = Field(
        SecretStr("sqlite:///nerq.db"), description="SQLAlchemy URL of the database (sqlite or postgresql)."
    )
    broker: SecretStr | None = Field(
        None, description="Redis URL (redis:// or rediss://). Unset: no queue, `nerq submit` works locally."
    )
    model: str = Field("general", description="Default model: a bundled name, a folder or a hub id.")
    engine: Literal["auto", "openvino", "torch"] = Field(
        "auto",
        description="What computes the network; auto takes torch on a GPU, OpenVINO on a CPU, and torch there for "
        "the networks that OpenVINO does not compute alike.",
    )
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = Field(
        "auto",
        description="Arithmetic of the engine; auto takes bf16 where the machine has it, else fp32; int8 is for "
        "models that `nerq models quantize` let through.",
    )
    processes: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Model processes on this machine's CPU. Unset: one for every two cores, if each finds 1 GB "
        "of memory.",
    )
    threads: int | None = Field(
        None, ge=1, le=256, description="CPU threads of one model process. Unset: the cores shared out."
    )
    pack_pieces: int | None = Field(
        None,
        ge=64,
        le=1_000_000,
        description="Subword pieces that go through the model together. Unset: 2048 with one or two CPU threads, else "
        "what a short trial finds fastest.",
    )
    batch_chars: int = Field(
        200_000, ge=1, description="Characters of text that one queue message stands for, at most."
    )
    batch_documents: int = Field(
        512, ge=1, le=4096, description="Documents that one queue message names, at most."
    )
    max_file_bytes: int = Field(
        50_000_000, ge=1, description="A larger file or record is a failed source (too_large)."
    )
    reader_limit_s: float = Field(
        120.0,
        gt=0,
        description="Seconds that a process may read one file before that fails (reader_timeout).",
    )
    reader_memory_bytes: int = Field(
        4_000_000_000, ge=500_000_000, description="Address space of a process that reads files."
    )
    lease_s: float = Field(
        120.0, gt=0, description="Seconds a running extraction is reserved; progress renews it."
    )
    max_losses: int = Field(
        3, ge=1, description="Deaths of its process after which a document fails (worker_lost)."
    )
    recovery_s: float = Field(
        5.0, gt=0, description="Seconds between two rounds of a worker's recovery loop."
    )
    resend_s: float = Field(
        30.0,
        gt=0,
        description="Seconds after which work that was announced but not taken is announced again.",
    )
    time_limit_s: float = Field(
        3600.0,
        gt=0,
        description="Seconds one batch may take before its process is killed; a text of 50 MB takes long.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level of the log."
    )
    log_format: Literal["text", "json"] = Field("text", description="Log lines for people or for machines.")

    @field_validator("database")
    @classmethod
    def _database_is_supported(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if not url.startswith(("sqlite://", "postgresql://", "postgresql+psycopg://", "postgres://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @field_validator("broker")
    @classmethod
    def _broker_is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        if not value.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("must start with redis:// or rediss://")
        if not _has_number_for_database(value.get_secret_value()):
            raise ValueError(
                "must look like redis://:PASSWORD@HOST:PORT/NUMBER, with / ? # of the password as %2F %3F %23"
            )
        if not _has_known_options(value.get_secret_value()):
            raise ValueError(
                f"may have no options but {', '.join(sorted(_BROKER_OPTIONS))}; ssl_cert_reqs is one of "
                + ", ".join(_CERT_REQS)
            )
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: given in code, environment, secret files, nerq.toml, defaults."""
        return init_settings, env_settings, file_secret_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def database_url(self) -> str:
        """The database URL with its password; never log it."""
        return self.database.get_secret_value()

    @property
    def broker_url(self) -> str | None:
        """The broker URL with its password, or None without a broker; never log it."""
        return self.broker.get_secret_value() if self.broker else None

    @property
    def broker_address(self) -> str:
        """Host and port of the broker; never its user, password or options."""
        parts = urlsplit(self.broker_url or "")
        return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"

    @property
    def is_broker_encrypted(self) -> bool:
        """Whether the broker is spoken to over TLS."""
        return urlsplit(self.broker_url or "").scheme == "rediss"


def _has_number_for_database(url: str) -> bool:
    """Whether a Redis URL falls into its parts; a password with a bare slash ends the host too early."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # a port that is no number; its message quotes the URL
        return False
    database = parts.path.strip("/")
    return not database or database.isdecimal()


def _has_known_options(url: str) -> bool:
    """Whether a Redis URL has only options that kombu and redis-py both take, and take for the same."""
    options = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return options.keys() <= _BROKER_OPTIONS and set(options.get("ssl_cert_reqs", ())) <= set(_CERT_REQS)


def load_settings() -> Settings:
    """Read the settings once.

    Raises:
        SettingsError: a value is wrong, or `nerq.toml` or the environment names a setting that does not exist.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError("Wrong settings:\n" + "\n".join(_explained(error))) from None
    except ValueError as error:  # a malformed nerq.toml
        raise SettingsError(f"nerq.toml cannot be read: {error}") from error
    _refuse_unknown_variables()
    return settings


def _explained(error: ValidationError) -> Iterator[str]:
    """One line for each wrong setting: where it stands and what is wrong with it; never its value."""
    found = origins(Settings)
    for problem in error.errors(include_input=False):
        name = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            yield f"  {name} in nerq.toml: there is no such setting{did_you_mean(name, Settings.model_fields)}"
        else:
            origin = found[str(problem["loc"][0])]
            where = "" if origin.kind == "environment" else f" ({origin})"
            yield f"  NERQ_{name.upper()}{where}: {problem['msg']}"


def _refuse_unknown_variables() -> None:
    known = {f"NERQ_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith("NERQ_") and name not in known)
    if unknown:
        named = ", ".join(name + did_you_mean(name, sorted(known)) for name in unknown)
        raise SettingsError(f"Unknown settings in the environment: {named}")
