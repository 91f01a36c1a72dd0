"""Every target holds for the inputs that fuzzing begins with, so that none of them rots between fuzzing runs."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_its_seeds(name: str, tmp_path: Path) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].check(seed, tmp_path)
