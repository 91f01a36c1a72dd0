"""A model runs in 8 bits only where a measurement on gold has shown that it loses little."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import invoke
from tests.tiny import CORPUS, make_tiny_checkpoint
from worker.errors import ModelError
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine import Engine
from worker.recognition.engine_openvino import open_int8_engine
from worker.recognition.engines import open_engine

TEXTS = [" ".join(CORPUS[i:] + CORPUS[:i]) for i in range(len(CORPUS))]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "nerq"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return Checkpoint.open(str(make_tiny_checkpoint(tmp_path_factory.mktemp("int8") / "tiny")))


def entities(checkpoint: Checkpoint, engine: Engine) -> list[list[tuple[int, int, str]]]:
    found = Recognizer(checkpoint, engine).recognize(TEXTS)
    return [[(e.start, e.end, e.label) for e in one.entities] for one in found]


def write_gold(path: Path, found: list[list[tuple[int, int, str]]]) -> Path:
    lines = [json.dumps({"text": t, "entities": e}) for t, e in zip(TEXTS, found, strict=True)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_what_was_not_measured_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ModelError, match="nerq models quantize"):
        open_engine(checkpoint, "auto", "int8", threads=1)


def test_what_loses_little_is_let_through(checkpoint: Checkpoint, tmp_path: Path, cache: Path) -> None:
    expected = entities(checkpoint, open_int8_engine(checkpoint, 1))
    gold = write_gold(tmp_path / "gold.jsonl", expected)
    result = invoke("models", "quantize", str(checkpoint.folder), "--gold", str(gold), "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["accepted"] is True
    assert answer["f1_int8"] == pytest.approx(100)
    assert answer["n_entities"] == sum(map(len, expected)) > 0
    engine = open_engine(checkpoint, "auto", "int8", threads=1)
    assert (engine.name, engine.precision) == ("openvino-cpu", "int8")
    assert entities(checkpoint, engine) == expected

    (verdict,) = cache.glob("int8/*.json")
    verdict.write_text(verdict.read_text().replace(f'"openvino": "{answer["openvino"]}', '"openvino": "0'))
    with pytest.raises(ModelError, match="not been measured"):
        open_engine(checkpoint, "auto", "int8", threads=1)


def test_what_loses_more_is_refused_with_the_numbers(checkpoint: Checkpoint, tmp_path: Path) -> None:
    exact = entities(checkpoint, open_engine(checkpoint, "auto", "fp32", threads=1))
    assert exact != entities(checkpoint, open_int8_engine(checkpoint, 1)), "random weights have small margins"
    gold = write_gold(tmp_path / "gold.jsonl", exact)
    result = invoke("models", "quantize", str(checkpoint.folder), "--gold", str(gold))
    assert result.exit_code == 1
    assert "stays forbidden" in result.stderr
    with pytest.raises(ModelError, match=r"F1 \d+\.\d\d in int8, 100\.00 in fp32"):
        open_engine(checkpoint, "auto", "int8", threads=1)


def test_gold_without_entities_lets_nothing_through(checkpoint: Checkpoint, tmp_path: Path) -> None:
    gold = write_gold(tmp_path / "gold.jsonl", [[] for _ in TEXTS])
    assert invoke("models", "quantize", str(checkpoint.folder), "--gold", str(gold)).exit_code == 1


def test_gold_on_which_the_model_finds_nothing_right_lets_nothing_through(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    gold = write_gold(tmp_path / "gold.jsonl", [[(0, 1, "UNKNOWN")] for _ in TEXTS])
    result = invoke("models", "quantize", str(checkpoint.folder), "--gold", str(gold))
    assert result.exit_code == 1
    assert "F1 is 0 in fp32, so that this gold does not tell what int8 costs" in result.stderr
    with pytest.raises(ModelError, match="F1 is 0 in fp32"):
        open_engine(checkpoint, "auto", "int8", threads=1)
