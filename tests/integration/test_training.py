"""A training run on a handful of sentences: it learns, and leaves a standard folder or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import make_tiny_checkpoint
from training.options import TrainObserver, TrainOptions
from training.train import train
from worker.errors import InputError, ModelError, SettingsError
from worker.recognition import Checkpoint, open_recognizer

SENTENCE = "Jane B-PER\nDoe I-PER\nof O\nAcme B-ORG\nInc. I-ORG\nvisited O\nParis B-LOC\n. O\n\n"


@pytest.fixture
def options(tmp_path: Path) -> TrainOptions:
    (tmp_path / "train.conll").write_text("-DOCSTART- O\n\n" + SENTENCE * 40)
    (tmp_path / "dev.conll").write_text("-DOCSTART- O\n\n" + SENTENCE * 3)
    (tmp_path / "notes.md").write_text("## Licence\n\nOurs.\n")
    return TrainOptions(
        train=(tmp_path / "train.conll",),
        dev=tmp_path / "dev.conll",
        base=str(make_tiny_checkpoint(tmp_path / "base", spread=0.05)),
        output=tmp_path / "model",
        epochs=5,
        learning_rate=0.01,
        batch_pieces=200,
        max_words=30,
        max_pieces=40,
        notes=tmp_path / "notes.md",
        half_weights=True,
    )


class Watcher(TrainObserver):
    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.steps: list[tuple[int, int]] = []
        self.epochs: list[tuple[int, float, bool]] = []

    def prepared(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def stepped(self, step: int, n_steps: int, loss: float | None) -> None:  # noqa: ARG002
        self.steps.append((step, n_steps))

    def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:
        self.epochs.append((epoch, score["f1"], is_best))


def test_a_model_is_trained_and_reads_what_it_learnt(options: TrainOptions) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    watcher = Watcher()
    trained = train(options, watcher)
    assert trained.best.f1 == 1.0
    assert [epoch for epoch, _, _ in watcher.epochs] == [1, 2, 3, 4, 5]
    assert watcher.steps[-1] == (len(watcher.steps), len(watcher.steps))
    assert watcher.facts["word_rule"] == "news"
    assert trained.best_epoch == max(epoch for epoch, _, is_best in watcher.epochs if is_best)

    found = open_recognizer(Checkpoint.open(str(options.output)), threads=1).recognize(
        ["Jane Doe of Acme Inc. visited Paris."]
    )
    assert [(e.text, e.label) for e in found[0].entities] == [
        ("Jane Doe", "PER"),
        ("Acme Inc.", "ORG"),
        ("Paris", "LOC"),
    ]
    AutoTokenizer.from_pretrained(options.output)
    AutoModelForTokenClassification.from_pretrained(options.output)
    assert json.loads((options.output / "config.json").read_text())["dtype"] == "float32"
    card = (options.output / "README.md").read_text()
    assert "| all | 100.00 | 100.00 | 100.00 | 9 |" in card
    assert "Ours." in card
    facts = json.loads((options.output / "nerq.json").read_text())
    windows = {int(words): f1 for words, f1 in facts["scores"]["windows"].items()}
    assert set(windows) == {0, 30}
    assert windows[facts["window"]["max_words"]] == max(windows.values())
    assert not list(options.output.parent.glob(".*.work"))


def test_the_same_seed_gives_the_same_weights(options: TrainOptions, tmp_path: Path) -> None:
    first = train(replace(options, epochs=1, output=tmp_path / "one"))
    second = train(replace(options, epochs=1, output=tmp_path / "two"))
    weights = [(trained.output / "model.safetensors").read_bytes() for trained in (first, second)]
    assert weights[0] == weights[1]


def test_an_existing_output_is_not_overwritten_unasked(options: TrainOptions) -> None:
    options.output.mkdir()
    (options.output / "precious").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        train(options)
    with pytest.raises(InputError, match="is no model folder"):
        train(replace(options, overwrite=True))
    assert (options.output / "precious").read_text() == "mine"


def test_a_failed_run_leaves_nothing(options: TrainOptions, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be trained from"):
        train(replace(options, base=str(tmp_path / "nothing-there")))
    (tmp_path / "train.conll").write_text("Jane B-PER\nDoe\n")
    with pytest.raises(InputError, match=r"train\.conll:2"):
        train(options)
    assert not options.output.exists()
    assert not list(tmp_path.glob(".*.work"))


def test_a_window_that_the_base_has_no_room_for_is_refused(options: TrainOptions) -> None:
    with pytest.raises(SettingsError, match="has room for 60 pieces"):
        train(replace(options, max_pieces=61))
    assert not options.output.exists()


def test_impossible_options_are_refused() -> None:
    with pytest.raises(SettingsError, match="epochs"):
        TrainOptions((), Path("d"), "b", Path("o"), epochs=0)
