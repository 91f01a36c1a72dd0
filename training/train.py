"""A training run: labelled data and an encoder in, a checkpoint folder out."""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from training.base import open_base
from training.batches import Lesson, MixedWindows
from training.crf import LinearChainCrf
from training.data import LabelledDocument, label_names, label_words
from training.dev import DevSet
from training.facts import gather_facts
from training.folder import record_scores, write_folder
from training.objective import Objective, read_class_weights
from training.options import TrainObserver, TrainOptions, peak_rate
from training.precision import choose_precision
from training.scoring import Report
from training.teacher import ask_teacher, read_unlabelled
from training.trainer import EntityTrainer
from training.word_rule import FittedRule, fit_word_rule
from training.work import WorkFolder
from worker.annotations import AnnotatedFile, read_annotations
from worker.errors import InputError, SettingsError
from worker.recognition import Checkpoint
from worker.recognition.checkpoint import room_for_pieces

#: Options that do not change what comes out.
_INDIFFERENT = frozenset(
    {"overwrite", "restart", "tensorboard", "teacher_rows", "notes", "output", "threads"}
)


@dataclass(frozen=True, slots=True)
class Trained:
    """The outcome: where the checkpoint is, and its strict score on dev after each epoch."""

    output: Path
    best: Report  #: of the stored weights
    best_epoch: int  #: the first is 1
    history: tuple[dict[str, float], ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Data:
    """The files of a run, cut into words."""

    files: tuple[AnnotatedFile, ...]  #: dev is the last
    labels: list[str]
    rule: FittedRule
    train: list[LabelledDocument]
    dev: list[LabelledDocument]
    unlabelled: list[LabelledDocument]


def train(options: TrainOptions, observer: TrainObserver | None = None) -> Trained:
    """Train, keep the epoch with the best strict F1 on dev, and write a standard Hugging Face folder.

    Nothing is left in `options.output` unless the run comes to its end. A run that was interrupted after an epoch
    goes on from there when it is asked for again with the same options and data.

    Raises:
        InputError: a data file cannot be read, or the output exists already.
        ModelError: the base or the teacher cannot be opened.
        SettingsError: options do not fit the data, the base or this machine.
    """
    _refuse_existing(options)
    _refuse_what_is_missing(options)
    observer = observer or TrainObserver()
    if options.threads:
        torch.set_num_threads(options.threads)
    data = _read(options)
    facts = gather_facts(options, data.files, data.rule, data.train, data.dev, data.unlabelled)
    observer.prepared(facts)
    set_seed(options.seed)
    model, tokenizer = open_base(options.base, data.labels)
    with WorkFolder.beside(options.output, _decisive(options, facts, model), restart=options.restart) as work:
        if work.leftover:
            observer.began_anew(work.leftover.n_epochs, work.leftover.differences)
        trained = _run(options, observer, facts, data, work, model, tokenizer)
        work.finish(options.output, overwrite=options.overwrite)
    return trained


def _decisive(options: TrainOptions, facts: dict[str, Any], model: Any) -> dict[str, Any]:
    """What an interrupted run must share with this one to be resumed; another machine may go on."""
    digest = hashlib.sha256()
    for name, weights in model.base_model.state_dict().items():
        digest.update(name.encode() + weights.reshape(-1).contiguous().view(torch.uint8).numpy().tobytes())
    return {
        "options": {name: value for name, value in facts["training"].items() if name not in _INDIFFERENT},
        "data": facts["data"],
        "base": digest.hexdigest(),
        "teacher": Checkpoint.open(options.teacher).id if options.teacher else None,
        "versions": {name: facts["machine"][name] for name in ("nerq", "torch", "transformers")},
    }


def _read(options: TrainOptions) -> _Data:
    train_files = [read_annotations(path, options.scheme) for path in options.train]
    dev_file = read_annotations(options.dev, options.scheme)
    if not any(document.spans for document in dev_file.documents):
        raise InputError(f"{options.dev} holds no entity: no epoch would be better than another.")
    documents = [document for file in train_files for document in file.documents]
    labels, rule = label_names(documents), fit_word_rule(documents)
    return _Data(
        (*train_files, dev_file),
        labels,
        rule,
        train=[label_words(document, rule.rule, labels) for document in documents],
        dev=[label_words(document, rule.rule, labels) for document in dev_file.documents],
        unlabelled=read_unlabelled(options.unlabelled, rule.rule) if options.unlabelled else [],
    )


def _run(
    options: TrainOptions,
    observer: TrainObserver,
    facts: dict[str, Any],
    data: _Data,
    work: WorkFolder,
    model: Any,
    tokenizer: Any,
) -> Trained:
    options = replace(options, learning_rate=options.learning_rate or peak_rate(model.config.hidden_size))
    facts["training"] = options.as_dict()
    crf = LinearChainCrf(data.labels) if options.decoding == "crf" else None
    write_folder(work.checkpoint, model, tokenizer, facts, crf)
    room = room_for_pieces(work.checkpoint, model.config.to_dict())
    if options.max_pieces > room:
        raise SettingsError(
            f"{options.base} has room for {room} pieces in a window, not for {options.max_pieces}."
        )
    objective = Objective(
        read_class_weights(options.class_weights, data.train, data.labels),
        crf,
        options.teacher_weight if options.teacher else 0.0,
        options.temperature,
    )
    windows = _windows(options, observer, data, Checkpoint.open(str(work.checkpoint)))
    precision = choose_precision(options.precision)
    facts["machine"]["precision"] = precision
    trainer = EntityTrainer(model, crf, objective, windows, data.dev, options, precision, observer, work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecations inside the libraries; nothing a user can act on
        trainer.run()
    write_folder(work.checkpoint, trainer.network(), tokenizer, facts, crf, half=options.half_weights)
    facts["training"]["seconds"] = round(work.seconds)
    dev = DevSet(Checkpoint.open(str(work.checkpoint)), data.dev)
    best = record_scores(work.checkpoint, dev, facts, trainer.history)
    return Trained(options.output, best, facts["scores"]["best_epoch"], tuple(trainer.history), facts)


def _windows(
    options: TrainOptions, observer: TrainObserver, data: _Data, checkpoint: Checkpoint
) -> MixedWindows:
    documents = [*data.train, *data.unlabelled]
    lessons = [Lesson(document) for document in documents]
    if options.teacher:
        rows = ask_teacher(
            options.teacher, documents, data.labels, observer, options.teacher_rows, options.precision
        )
        lessons = [Lesson(document, own) for document, own in zip(documents, rows, strict=True)]
    n_labelled = len(data.train)
    return MixedWindows(
        lessons[:n_labelled],
        checkpoint.pieces,
        checkpoint.window,
        options.batch_pieces,
        options.seed,
        options.context,
        lessons[n_labelled:],
        options.unlabelled_ratio,
    )


def _refuse_what_is_missing(options: TrainOptions) -> None:
    if int(os.environ.get("WORLD_SIZE") or 1) > 1:
        raise SettingsError(
            "nerq train runs in one process on one GPU: start it without a launcher such as torchrun or "
            "`accelerate launch`. CUDA_VISIBLE_DEVICES chooses the GPU."
        )
    if options.tensorboard and not find_spec("tensorboard"):
        raise SettingsError("TensorBoard logs need a package: pip install 'nerq[tensorboard]'.")


def _refuse_existing(options: TrainOptions) -> None:
    output = options.output
    if not output.name or not (output.exists() or output.is_symlink()):
        if not output.name:
            raise InputError(f"{output} is no name for a new folder.")
        return
    if not options.overwrite:
        raise InputError(f"{output} exists already; give another --output, or --overwrite.")
    if output.is_symlink() or not (output / "config.json").is_file():
        raise InputError(f"{output} is no model folder; it is not overwritten.")
