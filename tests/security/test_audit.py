"""An audit that could not be made is never taken for one that found nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUND = "echo 'jinja2 2.4.1 PYSEC-2014-8'; exit 1"
NOTHING = "echo 'No known vulnerabilities found'"
SKIPPED = "echo 'jinja2: Dependency not found on PyPI and could not be audited'"


def audit(folder: Path, *, of_known_bad: str, of_pins: str) -> subprocess.CompletedProcess[str]:
    """Run .ci/audit with a pip-audit that answers so."""
    program = folder / "pip-audit"
    program.write_text(f'#!/bin/sh\ncase "$*" in *constraints.txt) {of_pins} ;; *) {of_known_bad} ;; esac\n')
    program.chmod(0o755)
    environment = {**os.environ, "PIP_AUDIT": str(program)}
    return subprocess.run([ROOT / ".ci" / "audit"], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("of_known_bad", "of_pins", "code"),
    [(FOUND, NOTHING, 0), (FOUND, FOUND, 1), (FOUND, f"{SKIPPED}; exit 1", 1)],
)
def test_with_advisories_it_says_what_they_say(
    tmp_path: Path, of_known_bad: str, of_pins: str, code: int
) -> None:
    assert audit(tmp_path, of_known_bad=of_known_bad, of_pins=of_pins).returncode == code


@pytest.mark.parametrize("of_known_bad", [NOTHING, SKIPPED, f"{SKIPPED}; exit 1", "exit 1", "exit 0"])
def test_without_advisories_it_says_that_nothing_is_known(tmp_path: Path, of_known_bad: str) -> None:
    done = audit(tmp_path, of_known_bad=of_known_bad, of_pins=NOTHING)
    assert done.returncode == 3
    assert "NOT AUDITED" in done.stderr


def test_continuous_integration_runs_it() -> None:
    assert "\n.ci/audit </dev/null\n" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert os.access(ROOT / ".ci" / "audit", os.X_OK)


def test_no_rule_about_security_is_off_for_the_product() -> None:
    """What is let pass is let pass line by line, with a reason."""
    unexplained = [
        f"{path}: {line.strip()}"
        for folder in ("worker", "training", "cli")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if "noqa: S" in line and " - " not in line.split("noqa: S")[1]
    ]
    assert unexplained == []
