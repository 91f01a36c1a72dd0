"""Where the value of each setting comes from, and which setting a mistyped name was meant to be."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    SecretsSettingsSource,
    TomlConfigSettingsSource,
)

Kind = Literal["environment", "secret file", "file", "default"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value was found. `place` is the variable's name, the secret's path, or `nerq.toml:LINE`."""

    kind: Kind
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.place}" if self.kind in ("environment", "secret file") else self.place


def origins(settings: type[BaseSettings]) -> dict[str, Origin]:
    """The origin of every setting, as its sources take precedence; the values themselves are not checked."""
    found = dict.fromkeys(settings.model_fields, Origin("default", "default"))
    for origin_of in (_in_file, _in_secrets, _in_environment):  # the later ones win
        found |= {name: origin for name, origin in origin_of(settings) if name in found}
    return found


def toml_path(settings: type[BaseSettings]) -> Path:
    """The file that is read in the current folder, if it is there."""
    return Path(str(settings.model_config["toml_file"]))


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """` (did you mean NAME?)`, or nothing where no name is like it."""
    close = get_close_matches(name.casefold(), [one.casefold() for one in names], n=1)
    meant = [one for one in names if close and one.casefold() == close[0]]
    return f" (did you mean {meant[0]}?)" if meant else ""


def _in_environment(settings: type[BaseSettings]) -> Iterator[tuple[str, Origin]]:
    prefix = settings.model_config["env_prefix"]
    for name in EnvSettingsSource(settings)():
        variable = f"{prefix}{name}".upper()
        as_typed = next((one for one in os.environ if one.upper() == variable), variable)
        yield name, Origin("environment", as_typed)


def _in_secrets(settings: type[BaseSettings]) -> Iterator[tuple[str, Origin]]:
    folder = settings.model_config["secrets_dir"]
    if folder is None:
        return
    prefix = settings.model_config["env_prefix"].lower()
    for name in SecretsSettingsSource(settings)():
        yield name, Origin("secret file", str(Path(str(folder)) / f"{prefix}{name}"))


def _in_file(settings: type[BaseSettings]) -> Iterator[tuple[str, Origin]]:
    path = toml_path(settings)
    names = TomlConfigSettingsSource(settings)()
    lines = path.read_text("utf-8").splitlines() if names else []
    for name in names:
        key = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
        line = next((number for number, line in enumerate(lines, 1) if key.match(line)), None)
        yield name, Origin("file", f"{path}:{line}" if line else str(path))
