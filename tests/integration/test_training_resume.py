"""An interrupted training run goes on where it was, and comes out as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.command_line import NERQ, PATIENCE_S, Terminal, environment
from tests.training import Watcher, make_options, weights
from training.options import TrainObserver, TrainOptions
from training.train import Trained, train
from worker.errors import InputError, NerqError

#: Parts of a run that have a state of their own.
MANNERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "accumulated": {"accumulate": 2, "layer_decay": 0.7, "head_learning_rate": 0.02, "warmup": 0.5},
    "crf": {"decoding": "crf", "context": "sentence"},
}


def _options(folder: Path, **changes: Any) -> TrainOptions:
    folder.mkdir(exist_ok=True)
    return make_options(folder, n_sentences=12, batch_pieces=120, **{"epochs": 4, **changes})


def _work(options: TrainOptions) -> Path:
    return options.output.with_name(".model.work")


def _interrupt(options: TrainOptions, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(options, Watcher(interrupt_after=after))
    assert not options.output.exists()
    assert _work(options).exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A plain run that nothing interrupted."""
    return train(_options(tmp_path_factory.mktemp("whole")))


@pytest.mark.parametrize("manner", MANNERS)
def test_a_resumed_run_ends_with_the_same_weights_and_scores(tmp_path: Path, manner: str) -> None:
    options = _options(tmp_path, **MANNERS[manner])
    whole = train(replace(options, output=tmp_path / "whole"))
    _interrupt(options, after=2)
    watcher = Watcher()
    resumed = train(options, watcher)
    assert watcher.resumed_after == 2
    assert [epoch for epoch, _, _ in watcher.epochs] == [3, 4]
    assert resumed.history == whole.history
    assert resumed.best_epoch == whole.best_epoch
    assert weights(resumed.output) == weights(whole.output)
    assert not _work(options).exists()


def test_weights_that_an_old_base_names_otherwise_are_resumed_too(tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig, BertForTokenClassification

    options = _options(tmp_path, epochs=3)
    base = Path(options.base)
    vocabulary = load_file(base / "model.safetensors")["distilbert.embeddings.word_embeddings.weight"]
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    torch.manual_seed(1)
    BertForTokenClassification(config).save_pretrained(base)
    modern = load_file(base / "model.safetensors")
    old = {
        k.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): modern[k] for k in modern
    }
    assert set(old) != set(modern)
    save_file(old, base / "model.safetensors", metadata={"format": "pt"})
    whole = train(replace(options, output=tmp_path / "whole"))
    _interrupt(options, after=2)
    resumed = train(options)
    assert resumed.history == whole.history
    assert weights(resumed.output) == weights(whole.output)
    stored = load_file(whole.output / "model.safetensors")
    scale = "bert.encoder.layer.0.output.LayerNorm."
    trained = stored[f"{scale}weight"] if f"{scale}weight" in stored else stored[f"{scale}gamma"]
    assert not torch.equal(trained, modern[f"{scale}weight"])


def _arguments(options: TrainOptions) -> list[str]:
    """The command line of these options, as far as they are used here."""
    names = (
        "dev",
        "base",
        "output",
        "epochs",
        "learning_rate",
        "batch_pieces",
        "max_words",
        "max_pieces",
        "threads",
    )
    pairs = [(f"--{name.replace('_', '-')}", str(getattr(options, name))) for name in (*names, "precision")]
    return ["train", "--train", str(options.train[0]), *(word for pair in pairs for word in pair)]


def _kill_after(options: TrainOptions, line: str) -> int:
    """Run the command and kill it as soon as it says `line`; its exit code."""
    command = [*NERQ, *_arguments(options)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stderr is not None
        if any(text.startswith(line) for text in process.stderr):
            process.kill()
        return process.wait(PATIENCE_S)


def test_the_command_goes_on_after_kill_9(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=16)
    assert _kill_after(options, "epoch 3:") == -signal.SIGKILL
    assert not options.output.exists()
    watcher = Watcher()
    resumed = train(options, watcher)
    assert watcher.resumed_after is not None
    assert watcher.resumed_after >= 2
    whole = train(replace(options, output=tmp_path / "whole"))
    assert resumed.history == whole.history
    assert weights(resumed.output) == weights(whole.output)


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=200)
    with Terminal(*_arguments(options)) as terminal:
        terminal.read_until("epoch 2:")
        terminal.read_until("/200")  # the bar: epochs
        terminal.press("\x03")
        assert terminal.finish() == 130
    assert "The same command goes on after epoch" in terminal.seen
    assert _work(options).exists()
    assert not options.output.exists()


#: Runs a training that kills itself the first time that Python does something to a path with this end.
_SUICIDE = """
import os, signal, sys
from pathlib import Path
from tests.training import make_options
from training.train import train

event, end = sys.argv[2:]

def watch(name, arguments):
    if name == event and str(arguments[0]).endswith(end):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
train(make_options(Path(sys.argv[1]), n_sentences=12, batch_pieces=120, epochs=4))
"""


@pytest.mark.parametrize(
    ("event", "end", "epoch"),
    [
        ("open", "checkpoint-9/trainer_state.json", 2),  # the checkpoint of epoch 3 is half written
        ("shutil.rmtree", "epochs/checkpoint-6", 3),  # the one of epoch 2 is no longer needed
    ],
)
def test_a_kill_while_checkpoints_are_written_loses_an_epoch_at_most(
    tmp_path: Path, whole: Trained, event: str, end: str, epoch: int
) -> None:
    options = _options(tmp_path)
    command = [sys.executable, "-c", _SUICIDE, str(tmp_path), event, end]
    assert subprocess.run(command, env=environment(), timeout=PATIENCE_S).returncode == -signal.SIGKILL
    watcher = Watcher()
    resumed = train(options, watcher)
    assert watcher.resumed_after == epoch
    assert weights(resumed.output) == weights(whole.output)


def test_early_stopping_is_as_it_would_have_been(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=9, patience=2)
    whole = train(replace(options, output=tmp_path / "whole"))
    n_epochs = len(whole.history)
    assert n_epochs == whole.best_epoch + 2 < 9
    _interrupt(options, after=n_epochs - 1)
    again = train(options)
    assert again.history == whole.history
    assert weights(again.output) == weights(whole.output)
    # Interrupted when all was done but the end: nothing is trained any more.
    last = replace(options, output=tmp_path / "model", overwrite=True)
    _interrupt_at_the_end(last, n_epochs)
    watcher = Watcher()
    assert weights(train(last, watcher).output) == weights(whole.output)
    assert watcher.steps == []


def _interrupt_at_the_end(options: TrainOptions, n_epochs: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(options, Watcher(interrupt_after=n_epochs))


def test_a_run_with_other_options_begins_anew_and_says_so(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=3)
    _interrupt(options, after=2)
    # What fails before it trains costs nothing.
    with pytest.raises(NerqError, match="class weight"):
        train(replace(options, class_weights="B-NOTHING=2"))
    other = replace(options, seed=7, weight_decay=0.1)
    watcher = Watcher()
    trained = train(other, watcher)
    assert watcher.resumed_after is None
    assert watcher.thrown_away == (2, ("weight_decay was 0.01", "seed was 1"))
    assert weights(trained.output) == weights(train(replace(other, output=tmp_path / "whole")).output)


def test_restart_and_another_base_begin_anew(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=3)
    _interrupt(options, after=1)
    watcher = Watcher(interrupt_after=2)
    with pytest.raises(KeyboardInterrupt):
        train(replace(options, restart=True), watcher)
    assert watcher.thrown_away == (1, ())
    base = Path(options.base) / "model.safetensors"
    save_file({name: 2 * tensor for name, tensor in load_file(base).items()}, base, metadata={"format": "pt"})
    watcher = Watcher()
    train(options, watcher)
    assert watcher.thrown_away == (2, ("other base",))


def test_a_resumed_run_does_not_ask_its_teacher_again(tmp_path: Path) -> None:
    teacher = train(_options(tmp_path / "teacher", epochs=1)).output
    options = _options(tmp_path, epochs=3, teacher=str(teacher))
    whole = train(replace(options, output=tmp_path / "whole"))
    watcher = Watcher(interrupt_after=1)
    with pytest.raises(KeyboardInterrupt):
        train(options, watcher)
    assert watcher.n_taught == 12 * 8
    # Nor does one that begins anew, unless its teacher would answer otherwise.
    for changes, n_taught in (({}, 0), ({"seed": 2}, 0), ({"precision": "bf16"}, 12 * 8), ({}, 0)):
        watcher = Watcher(interrupt_after=2)
        with pytest.raises(KeyboardInterrupt):
            train(replace(options, **changes), watcher)
        assert watcher.n_taught == n_taught
    assert weights(train(options).output) == weights(whole.output)
    assert not _work(options).exists()


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=1)
    refusals = []

    class Second(TrainObserver):
        def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:  # noqa: ARG002
            with pytest.raises(InputError, match="Another run is training") as refusal:
                train(options)
            refusals.append(refusal)

    assert train(options, Second()).output.exists()
    assert len(refusals) == 1


def test_an_output_that_came_into_being_meanwhile_is_left_alone(tmp_path: Path) -> None:
    options = _options(tmp_path, epochs=1)

    class Neighbour(TrainObserver):
        def kept(self, epoch: int) -> None:  # noqa: ARG002
            options.output.mkdir()
            (options.output / "precious").write_text("mine")

    with pytest.raises(InputError, match="made by someone else meanwhile"):
        train(options, Neighbour())
    assert (options.output / "precious").read_text() == "mine"
    (options.output / "precious").rename(tmp_path / "precious")
    options.output.rmdir()
    watcher = Watcher()
    train(options, watcher)
    assert (watcher.resumed_after, watcher.steps) == (1, [])
