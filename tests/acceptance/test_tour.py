"""The tour of docs/tour.md: every command of the page does, in its order, what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import PATIENCE_S, ROOT, environment

PAGE = (ROOT / "docs" / "tour.md").read_text("utf-8")
#: Each block of commands, and what is shown below it.
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What of a clone the tour needs."""
    shutil.copytree(ROOT / "examples", tmp_path / "clone" / "examples")
    return tmp_path / "clone"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which `nerq` is installed."""
    program = tmp_path / "bin" / "nerq"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli "$@"\n')
    program.chmod(0o755)
    kept = environment()
    return {**kept, "PATH": f"{program.parent}:{kept['PATH']}"}


@pytest.mark.timeout(900)  # it reads the examples with the bundled model
def test_every_command_of_the_tour_ends_as_the_page_says(clone: Path, settings: dict[str, str]) -> None:
    assert len(BLOCKS) > 15
    for commands, shown in BLOCKS:
        told = ""
        for command in commands.splitlines():
            expected = re.search(r"# exit code (\d+)$", command)
            result = subprocess.run(
                ["bash", "-c", command],
                cwd=clone,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=3 * PATIENCE_S,
            )
            assert result.returncode == int(expected[1] if expected else 0), f"{command}\n{result.stdout}"
            told += result.stdout
        assert bool(told) == bool(shown), commands
    assert {path.name for path in clone.iterdir()} == {"examples"}
