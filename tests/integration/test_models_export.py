"""Models for other runtimes: the ONNX file answers as the model does, or there is none."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import AutoModelForTokenClassification, FNetConfig, FNetForTokenClassification

from tests.command_line import invoke
from tests.tiny import FAMILIES, LABELS, make_tiny_family
from training import onnx
from worker.recognition import Checkpoint


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_answers_as_torch_does_at_every_length(name: str, tmp_path: Path) -> None:
    folder = make_tiny_family(tmp_path / "model", name)
    exported = onnx.export_onnx(Checkpoint.open(str(folder)), tmp_path / "out")
    assert exported.max_difference < 1e-3
    assert (exported.n_other_labels, exported.n_windows > 20) == (0, True)
    session = onnxruntime.InferenceSession(
        tmp_path / "out" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    network = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32).eval()
    for shape in ((1, 1), (3, 17), (2, 118)):
        ids = torch.randint(5, 80, shape, generator=torch.Generator().manual_seed(1))
        mask = (torch.arange(shape[1]) < torch.arange(shape[1], 0, -7)[: shape[0], None]).long()
        (found,) = session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        with torch.inference_mode():
            expected = network(input_ids=ids, attention_mask=mask).logits.numpy()
        real = mask.numpy().astype(bool)
        assert np.abs(found - expected)[real].max() < 1e-3


def test_a_folder_holds_what_reading_needs(tiny_checkpoint: Path, tmp_path: Path) -> None:
    result = invoke("models", "export", str(tiny_checkpoint), str(tmp_path / "out"), "--onnx", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    digest = hashlib.sha256((tmp_path / "out" / "model.onnx").read_bytes()).hexdigest()
    assert answer["sha256"] == digest
    assert answer["n_other_labels"] == 0
    for name in ("config.json", "tokenizer.json"):
        ours, theirs = tmp_path / "out" / name, tiny_checkpoint / name
        assert json.loads(ours.read_text()) == json.loads(theirs.read_text())
    facts = json.loads((tmp_path / "out" / "nerq.json").read_text())
    assert facts["word_rule"] == "news"
    assert facts["window"] == {"max_words": 24, "max_pieces": 40}
    assert facts["decoding"] == "argmax"


def test_a_name_that_ends_in_onnx_is_one_file(tiny_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "deep" / "tiny.onnx"
    result = invoke("models", "export", str(tiny_checkpoint), str(output), "--onnx")
    assert result.exit_code == 0
    assert result.stdout == f"sha256 {hashlib.sha256(output.read_bytes()).hexdigest()}\n"
    assert "the labels of torch" in result.stderr
    assert list(output.parent.iterdir()) == [output]


def test_an_existing_output_is_replaced_on_request_alone(tiny_checkpoint: Path, tmp_path: Path) -> None:
    arguments = ("models", "export", str(tiny_checkpoint), str(tmp_path / "out"), "--onnx")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("mine")
    assert "exists already" in invoke(*arguments).stderr
    result = invoke(*arguments, "--overwrite")
    assert result.exit_code == 1
    assert "no earlier export" in result.stderr
    assert (tmp_path / "out" / "precious").read_text() == "mine"
    (tmp_path / "out" / "model.onnx").write_text("old")
    assert invoke(*arguments, "--overwrite").exit_code == 0
    assert not (tmp_path / "out" / "precious").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_model_that_an_export_lies_in_is_not_replaced(tiny_checkpoint: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_checkpoint, model)
    (model / "model.onnx").write_text("written by another tool")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    result = invoke("models", "export", str(model), str(model), "--onnx", "--overwrite")
    assert result.exit_code == 1
    assert "holds the weights of a model" in result.stderr
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_a_file_that_answers_differently_is_not_left(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "TOLERANCE", 1e-12)  # less than any two runtimes agree to
    result = invoke("models", "export", str(tiny_checkpoint), str(tmp_path / "out"), "--onnx")
    assert result.exit_code == 1
    assert "does not answer as" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_onnx_does_not_know_is_named(tmp_path: Path) -> None:
    folder = make_tiny_family(tmp_path / "model", "deberta-v2")
    config = FNetConfig(vocab_size=160, hidden_size=32, num_hidden_layers=1, id2label=dict(enumerate(LABELS)))
    FNetForTokenClassification(config).save_pretrained(folder)
    result = invoke("models", "export", str(folder), str(tmp_path / "out"), "--onnx")
    assert result.exit_code == 3
    assert "(fnet) cannot be written as ONNX" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    result = invoke("models", "export", str(tiny_checkpoint), str(tmp_path / "out"), "--onnx")
    assert result.exit_code == 3
    assert f"ONNX needs {package}: pip install 'nerq[onnx]'" in result.stderr


def test_the_format_must_be_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    assert invoke("models", "export", str(tiny_checkpoint), str(tmp_path / "out")).exit_code == 2
    assert invoke("models", "--json", "export", str(tiny_checkpoint), "out", "--onnx").exit_code == 2
