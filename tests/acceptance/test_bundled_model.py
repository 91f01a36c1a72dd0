"""The model that comes with nerq, through the command line, on the documents that come with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import invoke, run
from worker.recognition import Checkpoint, bundled_models

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_it_is_small_described_and_safe_for_other_tools() -> None:
    assert bundled_models() == ["general"]
    checkpoint = Checkpoint.open("general")
    assert set(checkpoint.labels.types) == {"PER", "ORG", "LOC", "MISC"}
    size = sum(path.stat().st_size for path in checkpoint.folder.iterdir())
    assert size < 50 * 2**20
    assert checkpoint.config["dtype"] == "float32"
    card = (checkpoint.folder / "README.md").read_text(encoding="utf-8")
    for said in ("CoNLL-2003", "licensed for research", "Limits", "| all |"):
        assert said in card
    assert checkpoint.facts["scores"]["dev"]["f1"] >= 0.925


@pytest.mark.timeout(300)
def test_the_examples_are_read_whole_and_well() -> None:
    submitted = run("submit", str(EXAMPLES / "documents"), "--json")
    assert submitted.returncode == 0, submitted.stderr
    assert json.loads(submitted.stdout)["failures"] == {}
    evaluated = invoke("evaluate", "last", "--gold", str(EXAMPLES / "gold.jsonl"), "--json")
    score = json.loads(evaluated.stdout)
    assert score["n_gold"] == 566
    assert score["f1"] >= 0.74  # measured 0.774: a drop means that reading broke, not that the model is weak
    before = invoke("entities", "--json").stdout
    again = run("submit", str(EXAMPLES / "documents"), "--json")
    assert json.loads(again.stdout)["submitted"]["new"] == 0
    assert invoke("entities", "--json").stdout == before
