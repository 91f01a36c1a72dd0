"""What a shell completes: commands, options, and names that the database knows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, nerq
from tests.command_line import environment, invoke
from tests.samples import OTHER_MODEL, new_job, new_source
from tests.services import missing_service
from worker.store import Database


def offered(line: str) -> list[str]:
    """What is offered at the end of the line, as bash hears it: kind and value."""
    words = line.split(" ")
    typed = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_NERQ_COMPLETE": "bash_complete"}
    result = CliRunner().invoke(nerq, [], env=typed, prog_name="nerq")
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout.split("\n")[:-1] if result.stdout != "\n" else []


@pytest.fixture
def filled(database: Database) -> None:
    new_job(database, [new_source("letters/2024/anna.txt", "Secret Anna of Acme")], name="spring")
    new_job(database, [new_source("letters/2024/bob.txt", "Bob")], name="summer; rm -rf ~", model=OTHER_MODEL)


def test_commands_and_options() -> None:
    assert offered("nerq ") == [f"plain,{name}" for name in COMMANDS]
    assert offered("nerq st") == ["plain,status"]
    assert offered("nerq db up") == ["plain,upgrade"]
    assert "plain,--count-by" in offered("nerq entities --c")
    assert offered("nerq entities --count-by te") == ["plain,text"]
    assert offered("nerq entities --count-by text,l") == ["plain,text,label"]
    assert offered("nerq config show lea") == ["plain,lease_s"]


@pytest.mark.usefixtures("filled")
def test_names_that_the_database_knows() -> None:
    assert offered("nerq status ") == ["plain,last", "plain,spring"]  # nothing that a shell would run
    assert offered("nerq errors sp") == ["plain,spring"]
    assert offered("nerq entities --label P") == ["plain,PER"]
    assert offered("nerq entities --label PER,O") == ["plain,PER,ORG"]
    assert offered("nerq show letters/2024/b") == ["plain,letters/2024/bob.txt"]
    assert offered("nerq show an") == ["plain,anna.txt"]
    assert offered("nerq show Sec") == []  # no word of a document


def test_labels_are_offered_as_they_are_stored(database: Database) -> None:
    new_job(database, ["a.txt"], model=replace(OTHER_MODEL, labels=("O", "E-MAIL", "PHONE")))
    assert offered("nerq entities --label ") == ["plain,E-MAIL", "plain,PHONE"]


@pytest.mark.usefixtures("filled")
def test_a_model_is_a_name_or_a_folder() -> None:
    assert "plain,general" in offered("nerq submit a.txt --model gen")
    assert offered("nerq submit a.txt --model models/m") == ["dir,models/m"]


def test_without_a_database_or_with_wrong_settings_there_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered("nerq status ") == ["plain,last"]
    assert not Path("nerq.db").exists()
    monkeypatch.setenv("NERQ_DATABASE", "mysql://nowhere")
    assert offered("nerq status ") == ["plain,last"]
    monkeypatch.setenv("NERQ_DATABASE", "postgresql://nerq@127.0.0.1:1/nerq")
    assert offered("nerq show a") == []


@pytest.mark.usefixtures("filled")
def test_bash_completes_with_the_printed_script(tmp_path: Path) -> None:
    bash = shutil.which("bash") or missing_service("bash is not installed")
    nerq_program = tmp_path / "bin" / "nerq"
    nerq_program.parent.mkdir()
    nerq_program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cli "$@"\n')
    nerq_program.chmod(0o755)
    script = tmp_path / "nerq.bash"
    script.write_text(invoke("completion", "bash").stdout)
    ask = 'source "$1"; COMP_WORDS=(nerq status sp); COMP_CWORD=2; _nerq_completion nerq; echo "${COMPREPLY[@]}"'
    settings = environment()
    settings["PATH"] = f"{nerq_program.parent}:{settings['PATH']}"
    result = subprocess.run(
        [str(bash), "-c", ask, "bash", str(script)], capture_output=True, text=True, check=True, env=settings
    )
    assert (result.stdout, result.stderr) == ("spring\n", "")


@pytest.mark.parametrize(
    ("shell", "beginning"), [("zsh", "#compdef nerq"), ("fish", "function _nerq_completion")]
)
def test_scripts_of_other_shells(shell: str, beginning: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke("completion", shell)
    assert result.exit_code == 0
    assert result.stdout.startswith(beginning)
    assert result.stderr == ""  # the script goes into a file or a shell
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert invoke("completion").stdout == result.stdout


def test_a_shell_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/dash")
    result = invoke("completion")
    assert result.exit_code == 2
    assert "bash, zsh or fish" in result.stderr
