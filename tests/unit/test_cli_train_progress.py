"""What a training run tells."""

from __future__ import annotations

import pytest

from cli import train_progress
from cli.train_progress import TrainProgress

SCORE = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3}


def _facts(n_epochs: int = 4) -> dict[str, object]:
    return {
        "training": {"epochs": n_epochs},
        "data": {
            "files": [
                {
                    "name": "a",
                    "scheme": None,
                    "format": "brat",
                    "documents": 2,
                    "remarks": {"relations skipped": 1200},
                }
            ],
            "train": {"words": 1200, "entities": 90, "misaligned": 3},
            "unlabelled": {"words": 5000, "documents": 1},
        },
        "word_rule": "news",
        "word_rule_agreement": 0.995,
    }


def test_data_and_epochs_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainProgress() as progress:
        progress.prepared(_facts())
        progress.began_anew(2, ["epochs was 8", "other data"])
        progress.began_anew(1, [])
        progress.resumed(3)
        progress.scored(4, SCORE, is_best=True)
        progress.kept(4)
        progress.tried(0, 0.25)
        progress.tried(200, 0.3333)
    assert progress.n_kept == 4
    assert capsys.readouterr().err.splitlines() == [
        "a: 2 documents (brat), 1,200 relations skipped",
        "Training on 1,200 words with 90 entities, 3 left out: they do not end where words end",
        "Unlabelled: 5,000 words in 1 document",
        "Words are cut by the rule news, which finds 99.50% of the data's words exactly",
        "Beginning anew: 2 epochs of an interrupted run will be lost (epochs was 8, other data)",
        "Beginning anew: 1 epoch of an interrupted run will be lost (--restart was given)",
        "Going on after epoch 3 of an interrupted run (--restart begins anew)",
        "epoch 4: F1 33.33 (precision 50.00, recall 25.00)  best so far",
        "in single sentences: F1 25.00",
        "in windows of 200 words: F1 33.33",
    ]


def test_teacher_and_steps_are_lines_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_progress, "LINE_EVERY_S", 0.0)
    with TrainProgress() as progress:
        progress.prepared(_facts())
        capsys.readouterr()
        progress.taught(1000, 5000)
        progress.stepped(99, 400, None)
        progress.stepped(100, 400, 0.5)
        progress.stepped(101, 400, 0.25)
    teacher, first, second, third = capsys.readouterr().err.splitlines()
    assert teacher == "The teacher reads, word 1,000/5,000"
    assert first == "Epoch 1/4, step 99/400"
    assert second.startswith("Epoch 1/4, step 100/400, loss 0.500, ")
    assert third.startswith("Epoch 2/4, step 101/400, loss 0.250, ")
    assert third.endswith(" left")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_progress, "LINE_EVERY_S", 0.0)
    with TrainProgress(quiet=True) as progress:
        progress.prepared(_facts())
        progress.stepped(1, 2, 0.5)
        progress.scored(1, SCORE, is_best=True)
        progress.kept(1)
    assert capsys.readouterr() == ("", "")
    assert progress.n_kept == 1
