"""A training run on a handful of sentences: it learns, and leaves a standard folder or nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import click
import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from tests.command_line import invoke
from tests.training import SENTENCE, TEXT, Watcher, make_options, weights
from training.options import TrainOptions
from training.train import train
from training.trainer import EntityTrainer
from worker.errors import InputError, ModelError, SettingsError
from worker.recognition import Checkpoint, open_recognizer

ENTITIES = [("Jane Doe", "PER"), ("Acme Inc.", "ORG"), ("Paris", "LOC")]


@pytest.fixture
def options(tmp_path: Path) -> TrainOptions:
    (tmp_path / "notes.md").write_text("## Licence\n\nOurs.\n")
    return make_options(tmp_path, notes=tmp_path / "notes.md", half_weights=True)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the sentence."""
    return train(make_options(tmp_path_factory.mktemp("teacher"))).output


def read(folder: Path) -> list[tuple[str, str]]:
    found = open_recognizer(Checkpoint.open(str(folder)), "fp32", threads=1).recognize([TEXT])
    return [(entity.text, entity.label) for entity in found[0].entities]


def is_clean(options: TrainOptions) -> bool:
    """Whether neither an output nor a work folder is there."""
    return not options.output.exists() and not list(options.output.parent.glob(".*.work"))


def test_a_model_is_trained_and_reads_what_it_learnt(options: TrainOptions) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    watcher = Watcher()
    trained = train(options, watcher)
    assert trained.best.f1 == 1.0
    assert [epoch for epoch, _, _ in watcher.epochs] == [1, 2, 3, 4, 5]
    assert watcher.steps[-1] == (len(watcher.steps), len(watcher.steps))
    assert watcher.facts["word_rule"] == "news"
    assert trained.best_epoch == max(epoch for epoch, _, is_best in watcher.epochs if is_best)

    assert read(options.output) == ENTITIES
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
    first, second, other = (
        train(replace(options, epochs=1, seed=seed, output=tmp_path / name))
        for name, seed in (("one", 1), ("two", 1), ("three", 2))
    )
    assert weights(first.output) == weights(second.output)
    assert weights(first.output) != weights(other.output)


def test_a_run_stops_when_its_patience_is_over(options: TrainOptions) -> None:
    trained = train(replace(options, epochs=30, patience=2))
    assert len(trained.history) == trained.best_epoch + 2 < 30
    assert "stopping after 2 without a better one" in (options.output / "README.md").read_text()


def test_a_crf_is_trained_stored_and_decoded_with(options: TrainOptions) -> None:
    trained = train(replace(options, decoding="crf", context="sentence", head_learning_rate=0.02))
    assert trained.best.f1 == 1.0
    assert read(options.output) == ENTITIES
    assert Checkpoint.open(str(options.output)).decoding == "crf"
    crf = [tensor for path in options.output.glob("*.safetensors") for tensor in load_file(path).items()]
    assert any("moves" in name and tensor.abs().max() > 0 for name, tensor in crf)
    card = (options.output / "README.md").read_text()
    assert "the likelihood of the CRF" in card
    assert "trained on single sentences" in card


def test_a_run_computes_in_bf16_and_stores_32_bits(options: TrainOptions) -> None:
    trained = train(replace(options, precision="bf16", half_weights=False))
    assert trained.best.f1 == 1.0
    assert trained.facts["machine"]["precision"] == "bf16"
    stored = load_file(options.output / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float32}
    assert "computed in bf16" in (options.output / "README.md").read_text()


def test_the_tokenizer_of_the_base_is_kept_as_it_was(options: TrainOptions) -> None:
    base = Path(options.base) / "tokenizer.json"
    content = json.loads(base.read_text(encoding="utf-8"))
    content["normalizer"] = {"type": "Replace", "pattern": {"String": "\u00df"}, "content": "ss"}
    base.write_text(json.dumps(content), encoding="utf-8")
    made = train(replace(options, epochs=1)).output / "tokenizer.json"
    assert json.loads(made.read_text(encoding="utf-8"))["normalizer"] == content["normalizer"]


def test_several_files_are_one_training_set(options: TrainOptions, tmp_path: Path) -> None:
    (tmp_path / "more.conll").write_text("-DOCSTART- O\n\n" + SENTENCE.replace("LOC", "TOWN") * 5)
    watcher = Watcher()
    train(replace(options, train=(*options.train, tmp_path / "more.conll"), epochs=1), watcher)
    assert watcher.facts["data"]["train"]["entities"] == 3 * 45
    assert "B-TOWN" in Checkpoint.open(str(options.output)).labels.names


class Gradients(TrainerCallback):  # type: ignore[misc]
    """The gradients of every step."""

    found: ClassVar[list[torch.Tensor]] = []

    def on_pre_optimizer_step(self, *_: Any, model: Any, **__: Any) -> None:
        self.found.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))


def test_accumulated_batches_are_as_one(
    options: TrainOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = json.loads((Path(options.base) / "config.json").read_text())
    config |= {"dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0}
    (Path(options.base) / "config.json").write_text(json.dumps(config))
    whole_run = EntityTrainer.run

    def watched_run(trainer: EntityTrainer) -> None:
        trainer.add_callback(Gradients)
        trainer.args.max_grad_norm = 0
        whole_run(trainer)

    monkeypatch.setattr(EntityTrainer, "run", watched_run)
    # Windows that are all alike: any half of them has the gradient of the whole.
    alike = replace(options, context="sentence", epochs=1)
    n_pieces = 40 * len("JaneDoeofAcmeInc.visitedParis.")
    gradients: list[torch.Tensor] = []
    for name, n_batches, accumulate in (("one", 1, 1), ("two", 4, 4), ("three", 4, 8)):
        Gradients.found.clear()
        changes: dict[str, Any] = {
            "batch_pieces": n_pieces // n_batches,
            "accumulate": accumulate,
            "output": tmp_path / name,
        }
        trained = train(replace(alike, **changes))
        assert trained.facts["data"]["train"]["words"] == 40 * 8
        gradients.append(Gradients.found[0])
    assert gradients[0].abs().max() > 1e-3
    for gradient in gradients[1:]:
        torch.testing.assert_close(gradient, gradients[0], rtol=1e-3, atol=1e-6)


def test_a_student_learns_from_its_teacher_alone(
    options: TrainOptions, teacher: Path, tmp_path: Path
) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for i in range(3):
        (texts / f"{i}.txt").write_text(f"{TEXT} " * (i + 1))
    rows = tmp_path / "rows.npz"
    student = replace(
        options, teacher=str(teacher), teacher_weight=1.0, unlabelled=(texts,), teacher_rows=rows, epochs=8
    )
    watcher = Watcher()
    trained = train(student, watcher)
    assert trained.best.f1 == 1.0
    assert read(trained.output) == ENTITIES
    assert watcher.n_taught == 8 * (40 + 6)
    assert watcher.facts["data"]["unlabelled"]["words"] == 8 * 6
    card = (options.output / "README.md").read_text()
    assert "3 documents of 48 words" in card
    assert "100 % of the loss" in card

    watcher = Watcher()
    again = train(replace(student, output=tmp_path / "again"), watcher)
    assert watcher.n_taught == 0
    assert weights(again.output) == weights(trained.output)

    other = shutil.copytree(teacher, tmp_path / "other")
    facts = json.loads((other / "nerq.json").read_text())
    (other / "nerq.json").write_text(json.dumps({**facts, "window": {"max_words": 0, "max_pieces": 20}}))
    with pytest.raises(InputError, match="of another teacher or of other texts"):
        train(replace(student, teacher=str(other), output=tmp_path / "third"))
    rows.write_bytes(rows.read_bytes()[:1000])
    with pytest.raises(InputError, match="holds no teacher's probabilities"):
        train(replace(student, output=tmp_path / "third"))
    assert is_clean(replace(student, output=tmp_path / "third"))


def test_what_another_run_writes_of_the_same_rows_is_left_alone(
    options: TrainOptions, teacher: Path, tmp_path: Path
) -> None:
    half = tmp_path / ".rows.npz.part"
    half.write_bytes(b"half of it")
    train(replace(options, teacher=str(teacher), teacher_rows=tmp_path / "rows.npz", epochs=1))
    assert half.read_bytes() == b"half of it"
    assert sorted(path.name for path in tmp_path.glob("*rows*")) == [half.name, "rows.npz"]


def test_names_and_notes_that_are_not_utf8(options: TrainOptions, tmp_path: Path) -> None:
    dev = options.dev.rename(tmp_path / os.fsdecode(b"d\xe9v.conll"))
    notes = tmp_path / "latin.md"
    notes.write_bytes(b"d\xe9v is small")
    with pytest.raises(InputError, match=r"latin\.md: not UTF-8"):
        train(replace(options, dev=dev, notes=notes))
    assert is_clean(options)
    train(replace(options, dev=dev, epochs=1))
    assert r"d\udce9v.conll" in (options.output / "README.md").read_text("utf-8")


def test_a_teacher_of_other_labels_is_refused(options: TrainOptions, tiny_checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="knows O, B-PER"):
        train(replace(options, teacher=str(tiny_checkpoint)))
    assert is_clean(options)


def test_tensorboard_reads_the_logs(options: TrainOptions, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    trained = train(replace(options, epochs=2, tensorboard=tmp_path / "logs"))
    scores = _scalars(tmp_path / "logs", "eval/f1")
    assert scores == pytest.approx([epoch["f1"] for epoch in trained.history])


def _scalars(folder: Path, tag: str) -> list[float]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library about its own imports
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(folder)).Reload()
    return [event.value for event in events.Scalars(tag)]


def test_a_missing_package_is_named(options: TrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(SettingsError, match=r"pip install 'nerq\[tensorboard\]'"):
        train(replace(options, tensorboard=Path("logs")))


def test_a_loss_that_is_no_number_ends_the_run(options: TrainOptions) -> None:
    with pytest.raises(SettingsError, match="lower the learning rate"):
        train(replace(options, learning_rate=0.99, class_weights="O=1e38,B-PER=1e38,I-PER=1e38"))
    assert is_clean(options)


def test_an_existing_output_is_not_overwritten_unasked(options: TrainOptions) -> None:
    options.output.mkdir()
    (options.output / "precious").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        train(options)
    with pytest.raises(InputError, match="is no model folder"):
        train(replace(options, overwrite=True))
    assert (options.output / "precious").read_text() == "mine"


def test_a_failed_run_leaves_nothing(options: TrainOptions, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"neither bundled \(.*general.*\) nor a folder, cannot be trained from"
    ):
        train(replace(options, base=str(tmp_path / "nothing-there")))
    (tmp_path / "train.conll").write_text("Jane B-PER\nDoe\n")
    with pytest.raises(InputError, match=r"train\.conll:2"):
        train(options)
    assert is_clean(options)


def test_what_does_not_fit_is_refused_and_leaves_nothing(
    options: TrainOptions, teacher: Path, tmp_path: Path
) -> None:
    (tmp_path / "plain.conll").write_text("nothing O\nhere O\n")
    (tmp_path / "other.conll").write_text("Thor B-GOD\n")
    refused: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (SettingsError, "has room for 60 pieces", {"max_pieces": 61}),
        (SettingsError, "there is no such label", {"class_weights": "B-NOTHING=2"}),
        (InputError, "holds no entity", {"dev": tmp_path / "plain.conll"}),
        (InputError, "holds no entity", {"train": (tmp_path / "plain.conll",)}),
        (
            InputError,
            r"\(GOD\) is one of the training data \(LOC, ORG, PER\)",
            {"dev": tmp_path / "other.conll"},
        ),
        (ModelError, "nothing-there", {"teacher": str(tmp_path / "nothing-there")}),
        (InputError, "no folder", {"teacher": str(teacher), "teacher_rows": tmp_path / "nowhere" / "rows"}),
    ]
    if not torch.cuda.is_available():
        refused.append((SettingsError, "needs a CUDA device", {"precision": "fp16"}))
    for error, message, changes in refused:
        with pytest.raises(error, match=message):
            train(replace(options, **changes))
        assert is_clean(options)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "at least 1"),
        ({"patience": 0}, "at least 1"),
        ({"unlabelled": (Path("texts"),)}, "without a teacher"),
        ({"teacher_rows": Path("rows")}, "no teacher"),
        ({"class_weights": "balanced", "decoding": "crf"}, "no weights of labels"),
    ],
)
def test_impossible_options_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        TrainOptions(**{"train": (), "dev": Path("d"), "base": "b", "output": Path("o"), **changes})


class TestCommand:
    def test_every_option_of_training_is_an_option_of_the_command(self) -> None:
        from cli.train import command

        fields = {field.name: field.default for field in dataclasses.fields(TrainOptions)}
        assert fields.pop("engine") == "auto"  # that is NERQ_ENGINE
        params, context = {param.name: param for param in command.params}, click.Context(command)
        assert set(fields) == set(params) - {"quiet", "as_json"}
        for name, default in fields.items():
            if default is not dataclasses.MISSING and default != ():
                assert (name, params[name].get_default(context)) == (name, default)

    def test_it_answers_in_json_and_tells_its_way(self, options: TrainOptions) -> None:
        result = invoke(*_arguments(options, epochs=2), "--class-weights", "balanced", "--json")
        assert result.exit_code == 0
        answer = json.loads(result.stdout)
        assert len(answer["epochs"]) == 2
        assert answer["dev"]["f1"] == max(epoch["f1"] for epoch in answer["epochs"])
        assert answer["facts"]["training"]["class_weights"] == "balanced"
        said = result.stderr.splitlines()
        assert said[0] == "train.conll: 1 document (conll, IOB2)"
        assert [line[:11] for line in said if line.startswith("epoch")] == ["epoch 1: F1", "epoch 2: F1"]

    @pytest.mark.parametrize(
        ("more", "code", "message"),
        [
            (["--epochs", "0"], 2, "0 is not in the range"),
            (["--unlabelled", "."], 2, "without a teacher"),
            (["--unlabelled", "nowhere"], 4, "nowhere: no such file"),
            (["--class-weights", "balancd"], 3, "there is no such label"),
            (["--max-pieces", "500"], 3, "has room for 60 pieces"),
            (["--teacher", "nowhere"], 3, "There is no model 'nowhere'"),
        ],
    )
    def test_what_cannot_be_is_said(
        self, options: TrainOptions, more: list[str], code: int, message: str
    ) -> None:
        result = invoke(*_arguments(options), *more)
        assert (result.exit_code, message in result.stderr) == (code, True)
        assert is_clean(options)

    def test_ctrl_c_before_an_interrupted_run_goes_on_does_not_deny_its_epochs(
        self, options: TrainOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            train(options, Watcher(interrupt_after=1))

        def press_ctrl_c(_seed: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("training.train.set_seed", press_ctrl_c)
        result = invoke(*_arguments(options, epochs=5))
        assert result.exit_code == 130
        assert "Interrupted before an epoch was done: nothing new is kept." in result.stderr
        assert len(list(options.output.parent.glob(".model.work/epochs/checkpoint-*/whole"))) == 1


def _arguments(options: TrainOptions, epochs: int = 1) -> list[str]:
    return [
        *("train", "--train", str(options.train[0]), "--dev", str(options.dev), "--base", options.base),
        *(
            "--output",
            str(options.output),
            "--epochs",
            str(epochs),
            "--max-words",
            "30",
            "--max-pieces",
            "40",
        ),
        *("--threads", "1", "--precision", "fp32", "--learning-rate", "0.01"),
    ]
