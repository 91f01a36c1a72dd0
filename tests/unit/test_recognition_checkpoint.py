"""Opening models: what is refused, and what decides a model's id."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from worker.errors import ModelError
from worker.recognition import Checkpoint, open_recognizer
from worker.recognition.transitions import CRF_FILE


@pytest.fixture
def copy(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "copy"))


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def write_crf(folder: Path, weight: float) -> None:
    parts = {"starts": np.zeros(9), "moves": np.full((9, 9), weight), "ends": np.zeros(9)}
    save_file({name: part.astype("f4") for name, part in parts.items()}, folder / CRF_FILE)
    edit(folder / "nerq.json", lambda facts: facts.update(decoding="crf"))


def test_a_copy_has_the_same_id_wherever_it_is(tiny_checkpoint: Path, copy: Path) -> None:
    original = Checkpoint.open(str(tiny_checkpoint))
    assert Checkpoint.open(str(copy)).id == original.id
    assert len(original.id) == 64
    json.dumps(original.details())


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "model.safetensors").write_bytes(
            (folder / "model.safetensors").read_bytes() + b"x"
        ),
        lambda folder: edit(folder / "nerq.json", lambda facts: facts["window"].update(max_words=7)),
        lambda folder: edit(folder / "nerq.json", lambda facts: facts.update(word_rule="whitespace")),
        lambda folder: edit(folder / "nerq.json", lambda facts: facts.update(decoding="constrained")),
        lambda folder: write_crf(folder, 0.0),
        lambda folder: edit(folder / "config.json", lambda config: config["id2label"].update({"1": "B-X"})),
        lambda folder: edit(
            folder / "tokenizer.json", lambda spec: spec["normalizer"].update(lowercase=False)
        ),
    ],
    ids=["weights", "window", "word rule", "decoding", "CRF", "labels", "tokenizer"],
)
def test_whatever_decides_the_entities_changes_the_id(
    tiny_checkpoint: Path, copy: Path, change: Callable[[Path], object]
) -> None:
    change(copy)
    assert Checkpoint.open(str(copy)).id != Checkpoint.open(str(tiny_checkpoint)).id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: edit(folder / "config.json", lambda c: c.update(auto_map={})), "code of its own"),
        (
            lambda folder: edit(folder / "config.json", lambda c: c.update(architectures=["BertModel"])),
            "no token-classification model",
        ),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "no safetensors weights",
        ),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / CRF_FILE),
            "no safetensors weights",
        ),
        (lambda folder: (folder / "nerq.json").write_text('{"window": {}}'), "is damaged"),
        (lambda folder: edit(folder / "nerq.json", lambda f: f.update(decoding="beam")), "decoding 'beam'"),
        (lambda folder: edit(folder / "nerq.json", lambda f: f.update(decoding="crf")), "has no crf.safe"),
        (
            lambda folder: edit(folder / "nerq.json", lambda f: f["window"].update(max_pieces=61)),
            "has room for 60",
        ),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be opened"),
        (
            lambda folder: edit(folder / "config.json", lambda c: c.update(id2label=["O", "B-X"])),
            "cannot be opened",
        ),
        (
            lambda folder: edit(folder / "config.json", lambda c: c.update(id2label={"0": "LABEL_0"})),
            "no label O",
        ),
    ],
)
def test_what_cannot_be_opened_says_why(copy: Path, change: Callable[[Path], object], message: str) -> None:
    change(copy)
    with pytest.raises(ModelError, match=message):
        Checkpoint.open(str(copy))


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ModelError, match="neither a bundled one"):
        Checkpoint.open("nonsense")


def test_damaged_weights_are_a_model_error(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"not safetensors at all")
    with pytest.raises(ModelError, match="cannot be opened"):
        open_recognizer(Checkpoint.open(str(copy)), threads=1)


def test_a_foreign_checkpoint_is_read_in_single_sentences(copy: Path) -> None:
    (copy / "nerq.json").unlink()
    checkpoint = Checkpoint.open(str(copy))
    assert checkpoint.window.max_words == 0
    assert 0 < checkpoint.window.max_pieces <= 64 - 2
    found = open_recognizer(checkpoint, threads=1).recognize(["x" * 500 + " word" * 300])
    assert found[0].n_words == found[0].n_words_read == 301


def test_the_crf_is_a_part_of_the_id_and_no_part_of_the_network(copy: Path) -> None:
    write_crf(copy, 0.5)
    before = Checkpoint.open(str(copy)).id
    write_crf(copy, 0.25)
    after = Checkpoint.open(str(copy))
    assert after.id != before
    assert after.details()["decoding"] == "crf"
    # Loaded by transformers, which looks for weights in the same folder and refuses some that it does not know.
    assert open_recognizer(after, threads=1).recognize(["a b c"])[0].n_words_read == 3


def test_another_decoding_can_be_tried_without_training(tiny_checkpoint: Path) -> None:
    checkpoint = Checkpoint.open(str(tiny_checkpoint))
    other = replace(checkpoint, decoding="constrained")
    assert other.id != checkpoint.id
    assert other.details()["decoding"] == "constrained"
    with pytest.raises(ModelError, match="there are argmax, constrained, crf"):
        replace(checkpoint, decoding="greedy")
    with pytest.raises(ModelError, match=r"has no crf\.safetensors"):
        _ = replace(checkpoint, decoding="crf").transitions
