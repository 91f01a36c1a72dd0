"""Settings as people see them: value, origin, and what a mistyped name was meant to be."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import SettingsConfigDict

from tests.command_line import invoke
from worker.origins import origins
from worker.settings import Settings, load_settings


def shown(*names: str) -> dict[str, dict[str, Any]]:
    result = invoke("config", "show", *names, "--json")
    assert result.exit_code == 0, result.stderr
    settings: dict[str, dict[str, Any]] = json.loads(result.stdout)["settings"]
    return settings


def test_every_setting_has_a_value_and_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("nerq.toml").write_text('# mine\n\nlease_s = 60\nmodel = "clinical"\n')
    monkeypatch.setenv("NERQ_MODEL", "general")
    monkeypatch.setenv("NERQ_THREADS", "")  # as good as unset
    settings = shown()
    assert list(settings) == list(Settings.model_fields)
    assert (settings["lease_s"]["value"], settings["lease_s"]["from"]) == (60.0, "nerq.toml:3")
    assert (settings["model"]["value"], settings["model"]["from"]) == ("general", "environment NERQ_MODEL")
    assert (settings["threads"]["value"], settings["threads"]["from"]) == (None, "default")
    table = invoke("config", "show").stdout
    assert ["lease_s", "60.0", "nerq.toml:3"] in [line.split() for line in table.splitlines()]
    assert ["threads", "unset", "default"] in [line.split() for line in table.splitlines()]


def test_a_secret_file_wins_over_nerq_toml_and_loses_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "nerq_model").write_text("clinical")

    class Mounted(Settings):
        model_config = SettingsConfigDict(secrets_dir=tmp_path / "secrets")

    Path("nerq.toml").write_text('model = "general"\n')
    assert Mounted().model == "clinical"
    assert str(origins(Mounted)["model"]) == f"secret file {tmp_path}/secrets/nerq_model"
    monkeypatch.setenv("NERQ_MODEL", "general")
    assert Mounted().model == "general"
    assert str(origins(Mounted)["model"]) == "environment NERQ_MODEL"


def test_of_urls_only_the_address_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NERQ_DATABASE", "postgresql://anna:xyzzy@db.example.org:5433/nerq?sslpassword=xyzzy")
    monkeypatch.setenv("NERQ_BROKER", "rediss://:xyzzy@redis.example.org/2?ssl_password=xyzzy")
    settings = shown("database", "NERQ_BROKER")
    assert settings["database"]["value"] == "postgresql://***@db.example.org:5433/nerq"
    assert settings["broker"]["value"] == "rediss://***@redis.example.org:6379/2"


def test_a_mistyped_setting_is_answered_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = invoke("config", "show", "modle")
    assert asked.exit_code == 4
    assert "(did you mean model?)" in asked.stderr

    Path("nerq.toml").write_text('modle = "general"\n')
    result = invoke("status")
    assert result.exit_code == 3
    assert "modle in nerq.toml: there is no such setting (did you mean model?)" in result.stderr

    Path("nerq.toml").unlink()
    monkeypatch.setenv("NERQ_DATABSE", "sqlite:///a.db")
    assert "NERQ_DATABSE (did you mean NERQ_DATABASE?)" in invoke("status").stderr


def test_a_wrong_value_is_found_by_its_line() -> None:
    Path("nerq.toml").write_text("\nlease_s = -1\n")
    assert "NERQ_LEASE_S (nerq.toml:2): " in invoke("config", "show").stderr


def test_the_written_file_names_every_setting_and_changes_none() -> None:
    before = load_settings()
    assert invoke("config", "init").stdout == f"{Path.cwd()}/nerq.toml\n"
    path = Path("nerq.toml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_settings() == before

    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(line[1:] if line.startswith("#") and line[1:2] != " " else line for line in lines)
    )
    assert list(tomllib.loads(path.read_text())) == list(Settings.model_fields)
    unset = {"broker", "processes", "threads", "pack_pieces"}  # an example stands there
    assert load_settings().model_dump(exclude=unset) == before.model_dump(exclude=unset)


def test_an_existing_file_is_replaced_only_when_asked() -> None:
    Path("nerq.toml").write_text("lease_s = 60\n")
    assert invoke("config", "init").exit_code == 1
    assert Path("nerq.toml").read_text() == "lease_s = 60\n"
    assert invoke("config", "init", "--overwrite").exit_code == 0
    assert "#lease_s = 120.0" in Path("nerq.toml").read_text()


def test_the_path_is_told_whether_the_file_is_there_or_not() -> None:
    missing = invoke("config", "path")
    assert missing.stdout == f"{Path.cwd()}/nerq.toml\n"
    assert "nerq config init" in missing.stderr
    Path("nerq.toml").touch()
    assert invoke("config", "path").stderr == ""
