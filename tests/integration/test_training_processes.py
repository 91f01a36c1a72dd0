"""One training run in two processes, as torchrun starts them: here on the CPU, elsewhere one for each GPU."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from tests.command_line import environment
from tests.training import TEXT, Watcher, make_options, weights
from training.options import TrainOptions
from training.train import train
from worker.errors import SettingsError

#: Two processes that import torch on a busy machine.
PATIENCE_S = 300.0

pytestmark = pytest.mark.timeout(4 * PATIENCE_S)

#: `nerq` that writes down what each process does; HOLD: the epoch after which the run stands still, FAIL: the rank
#: of a process that breaks at its first batch.
_RECORDED = """
import hashlib, json, os, signal
from pathlib import Path
from cli.main import main
from cli.train_progress import TrainProgress
from training.batches import MixedWindows
from training.trainer import EntityTrainer

rank, hold = os.environ["RANK"], int(os.environ.get("HOLD", 0))
record = {"batches": [], "n_taught": 0, "steps": []}
get, teach, step, keep = MixedWindows.__getitem__, TrainProgress.taught, TrainProgress.stepped, TrainProgress.kept
run, loss = EntityTrainer.train, EntityTrainer.compute_loss

def got(windows, index):
    record["batches"].append((windows.epoch, index))
    return get(windows, index)

def taught(progress, n_done, n_words):
    record["n_taught"] = n_done
    teach(progress, n_done, n_words)

def stepped(progress, number, n_steps, loss):
    record["steps"].append((number, n_steps))
    step(progress, number, n_steps, loss)

def kept(progress, epoch):
    keep(progress, epoch)
    if epoch == hold:
        print("held", flush=True)
        signal.pause()

def computed(trainer, *arguments, **options):
    if os.environ.get("FAIL") == rank:
        raise RuntimeError("broken")
    return loss(trainer, *arguments, **options)

def ran(trainer, **options):
    record["batches"].clear()
    run(trainer, **options)
    state = trainer.model.state_dict()
    record["state"] = hashlib.sha256(b"".join(t.numpy().tobytes() for t in state.values())).hexdigest()
    record["history"] = trainer.history
    Path(os.environ["RECORD"], f"{rank}.json").write_text(json.dumps(record))

MixedWindows.__getitem__, EntityTrainer.train, EntityTrainer.compute_loss = got, ran, computed
TrainProgress.taught, TrainProgress.stepped, TrainProgress.kept = taught, stepped, kept
main()
"""


@contextlib.contextmanager
def _launched(folder: Path, options: TrainOptions, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """`torchrun` of two recorded processes of `nerq train`; their records are in `folder`."""
    folder.mkdir(exist_ok=True)
    (folder / "recorded.py").write_text(_RECORDED)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with (
        (folder / "said").open("w") as said,
        subprocess.Popen(
            [*launcher, str(folder / "recorded.py"), *_arguments(options)],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment(RECORD=str(folder), **changes),
        ) as process,
    ):
        try:
            yield process
        finally:
            _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    """At once, with all that it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        launcher = psutil.Process(process.pid)
        for one in [launcher, *launcher.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()


def _run(folder: Path, options: TrainOptions, **changes: str) -> tuple[str, str, int]:
    """Standard output, standard error, exit code."""
    with _launched(folder, options, **changes) as process:
        answer, _ = process.communicate(timeout=PATIENCE_S)
        return answer, (folder / "said").read_text(), process.returncode


def _records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def _arguments(options: TrainOptions) -> list[str]:
    """The command line of these options."""
    words = ["train", "--json"]
    for field in fields(options):
        value = getattr(options, field.name)
        if value != field.default:
            for one in value if isinstance(value, tuple) else (value,):
                words += [f"--{field.name.replace('_', '-')}", str(one)]
    return words


def _is_clean(options: TrainOptions) -> bool:
    return not options.output.exists() and not list(options.output.parent.glob(".*.work"))


def _without_dropout(options: TrainOptions) -> TrainOptions:
    config = Path(options.base) / "config.json"
    dropout = {"dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0}
    config.write_text(json.dumps(json.loads(config.read_text()) | dropout))
    return options


def test_two_processes_learn_what_one_learns_with_twice_the_batches_a_step(tmp_path: Path) -> None:
    options = _without_dropout(make_options(tmp_path, epochs=3, batch_pieces=145, learning_rate=0.001))
    answer, said, code = _run(tmp_path / "record", options)
    assert (code, said) == (0, said)
    trained = json.loads(answer)  # of one process
    assert said.count("epoch 1: F1") == 1

    watcher = Watcher()
    alone = train(replace(options, accumulate=2, output=tmp_path / "alone"), watcher)
    first, second = _records(tmp_path / "record")
    n_batches = 2 * len(first["batches"]) // 3
    assert n_batches % 2 == 0
    for epoch in range(3):
        shares = [[i for e, i in record["batches"] if e == epoch] for record in (first, second)]
        assert shares == [list(range(0, n_batches, 2)), list(range(1, n_batches, 2))]
    assert [tuple(step) for step in first["steps"]] == watcher.steps
    assert first["state"] == second["state"]
    assert first["history"] == second["history"] == trained["epochs"] == list(alone.history)
    assert trained["epochs"][-1]["f1"] > trained["epochs"][0]["f1"]
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (options.output, alone.output))
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-3, atol=1e-5)
    assert json.loads((options.output / "nerq.json").read_text())["machine"]["processes"] == 2
    card = (options.output / "README.md").read_text()
    assert "145 pieces a batch, 2 batches a step" in card
    assert "in 2 processes" in card
    assert not list(tmp_path.glob(".*.work"))


@pytest.fixture
def everything(tmp_path: Path) -> TrainOptions:
    """Options of a run with a teacher, unlabelled text, a CRF, an end before the last epoch and a batch too few."""
    (tmp_path / "teacher").mkdir()
    (tmp_path / "text.txt").write_text(f"{TEXT} " * 6)
    teacher = train(make_options(tmp_path / "teacher", epochs=2)).output
    return make_options(
        tmp_path,
        n_sentences=12,
        batch_pieces=100,
        epochs=12,
        patience=3,
        decoding="crf",
        teacher=str(teacher),
        unlabelled=(tmp_path / "text.txt",),
    )


def test_a_run_goes_on_after_ctrl_c_and_after_kill_9(tmp_path: Path, everything: TrainOptions) -> None:
    record = tmp_path / "record"
    whole = replace(everything, output=tmp_path / "whole")
    answer, said, code = _run(tmp_path / "record-whole", whole)
    assert (code, said) == (0, said)
    whole_trained = json.loads(answer)
    n_epochs = len(whole_trained["epochs"])
    assert n_epochs == whole_trained["best_epoch"] + 3 < 12
    for first, second in [_records(tmp_path / "record-whole")]:
        assert (first["n_taught"], second["n_taught"]) == (8 * (12 + 6), 0)
        assert first["state"] == second["state"]
        _assert_each_batch_is_read_once(first, second, n_epochs)

    with _launched(record, everything, HOLD="1") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGINT)  # as torchrun has it from the terminal
        assert process.wait(PATIENCE_S) != 0
        said = (record / "said").read_text()
    assert said.count("Interrupted") == said.count("The same command goes on after epoch 1;") == 1
    with _launched(record, everything, HOLD="2") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        _kill(process)
    assert not everything.output.exists()

    alone = replace(everything, output=tmp_path / "alone")
    shutil.copytree(tmp_path / ".model.work", tmp_path / ".alone.work")
    watcher = Watcher(interrupt_after=1)
    with pytest.raises(KeyboardInterrupt):
        train(alone, watcher)
    assert watcher.thrown_away is not None
    assert watcher.thrown_away[1] == ("processes was 2",)
    shutil.rmtree(tmp_path / ".alone.work")

    answer, said, code = _run(record, everything)
    assert (code, said) == (0, said)
    assert "Going on after epoch 2" in said
    assert json.loads(answer)["epochs"] == whole_trained["epochs"]
    assert weights(everything.output) == weights(whole.output)
    assert [one["n_taught"] for one in _records(record)] == [0, 0]
    assert not list(tmp_path.glob(".*.work"))


def _assert_each_batch_is_read_once(first: dict[str, Any], second: dict[str, Any], n_epochs: int) -> None:
    """But for as many as one process has more than the other."""
    n_steps = first["steps"][-1][1] // 12
    for epoch in range(n_epochs):
        shares = [[i for e, i in record["batches"] if e == epoch] for record in (first, second)]
        assert [len(share) for share in shares] == [n_steps, n_steps]
        both = sorted(shares[0] + shares[1])
        n_batches = len(set(both))
        assert n_batches % 2 == 1
        assert n_steps == math.ceil(n_batches / 2)
        assert both == [0, *range(n_batches)]


def test_what_fails_in_all_processes_is_said_once_and_leaves_nothing(tmp_path: Path) -> None:
    options = make_options(tmp_path)
    weighted = replace(options, learning_rate=0.99, class_weights="O=1e38,B-PER=1e38,I-PER=1e38")
    _, said, code = _run(tmp_path / "record", weighted)
    assert code != 0
    assert (
        said.count("Error: ") - said.count("ChildFailedError: ") == said.count("lower the learning rate") == 1
    )
    assert _is_clean(options)
    _, said, code = _run(tmp_path / "record", replace(options, output=options.dev))
    assert code != 0
    assert said.count("exists already") == 1


def test_a_process_that_breaks_ends_the_others_and_leaves_nothing(tmp_path: Path) -> None:
    options = make_options(tmp_path)
    _, said, code = _run(tmp_path / "record", options, FAIL="1")
    assert code != 0
    assert said.count("nerq stopped unexpectedly (RuntimeError)") == 1
    assert _is_clean(options)


def test_processes_without_a_launcher_are_told_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    options = make_options(tmp_path)
    with pytest.raises(SettingsError, match="start them with torchrun"):
        train(options)
    assert _is_clean(options)
