"""Fixtures of the tests that start model processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.readers import GATES, Gates


@pytest.fixture
def gate_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "gates"
    folder.mkdir()
    monkeypatch.setenv(GATES, str(folder))
    return folder


@pytest.fixture
def gates(gate_folder: Path) -> Gates:
    return Gates(gate_folder)
