"""A training run: labelled data and an encoder in, a checkpoint folder out."""

from __future__ import annotations

import hashlib
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
from training.data import LabelledDocument, dev_misfit, entity_types, label_names, label_words
from training.dev import DevSet
from training.facts import gather_facts
from training.folder import record_scores, write_folder
from training.objective import Objective, read_class_weights
from training.options import TrainObserver, TrainOptions, peak_rate
from training.precision import choose_precision
from training.processes import Processes
from training.scoring import Report
from training.teacher import ask_teacher, read_rows, read_unlabelled
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


@dataclass(frozen=True, slots=True)
class _Start:
    """What a run begins with."""

    options: TrainOptions
    data: _Data
    facts: dict[str, Any]
    model: Any
    tokenizer: Any


def train(options: TrainOptions, observer: TrainObserver | None = None) -> Trained:
    """Train, keep the epoch with the best strict F1 on dev, and write a standard Hugging Face folder.

    Nothing is left in `options.output` unless the run comes to its end. A run that was interrupted after an epoch
    goes on from there when it is asked for again with the same options and data.

    Each of several processes of a launcher calls this; see `training.processes`. All get the outcome, while only the
    first tells its observer.

    Raises:
        InputError: a data file cannot be read, or the output exists already.
        ModelError: the base or the teacher cannot be opened.
        SettingsError: options do not fit the data, the base or this machine.
        SystemExit: of several processes this is not the first, and the run has failed.
    """
    with Processes.launched() as processes:
        if observer is None or not processes.is_first:
            observer = TrainObserver()
        start = _begin(options, observer, processes)
        run = processes.each(lambda: _decisive(start, processes.count))
        run_of_first = processes.first(lambda: run)
        processes.each(lambda: _refuse_other_run(run, run_of_first))
        with processes.each(lambda: _work_folder(options, run, processes)) as work, processes.orderly_end():
            if work.leftover:
                observer.began_anew(work.leftover.n_epochs, work.leftover.differences)
            return _run(start, observer, work, processes)


def _begin(options: TrainOptions, observer: TrainObserver, processes: Processes) -> _Start:
    processes.each(lambda: _refuse_what_is_missing(options))
    if options.threads:
        torch.set_num_threads(options.threads)
    data = processes.each(lambda: _read(options))
    facts = processes.each(
        lambda: gather_facts(options, data.files, data.rule, data.train, data.dev, data.unlabelled)
    )
    facts["machine"]["processes"] = processes.count
    observer.prepared(facts)
    set_seed(options.seed)
    model, tokenizer = processes.each(lambda: open_base(options.base, data.labels))
    rate = options.learning_rate or peak_rate(model.config.hidden_size)
    return _Start(replace(options, learning_rate=rate), data, facts, model, tokenizer)


def _work_folder(options: TrainOptions, run: dict[str, Any], processes: Processes) -> WorkFolder:
    if processes.is_first:
        return WorkFolder.beside(options.output, run, restart=options.restart)
    return WorkFolder.shared(options.output, run)


def _decisive(start: _Start, n_processes: int) -> dict[str, Any]:
    """What an interrupted run must share with this one to be resumed; another machine may go on."""
    digest = hashlib.sha256()
    for name, weights in start.model.base_model.state_dict().items():
        digest.update(name.encode() + weights.reshape(-1).contiguous().view(torch.uint8).numpy().tobytes())
    facts, teacher = start.facts, start.options.teacher
    options = {name: value for name, value in facts["training"].items() if name not in _INDIFFERENT}
    return {
        "options": {**options, "processes": n_processes},
        "data": facts["data"],
        "base": digest.hexdigest(),
        "teacher": Checkpoint.open(teacher).id if teacher else None,
        "versions": {name: facts["machine"][name] for name in ("nerq", "torch", "transformers")},
    }


def _refuse_other_run(run: dict[str, Any], run_of_first: dict[str, Any]) -> None:
    if others := [part for part in run if run[part] != run_of_first[part]]:
        raise SettingsError(f"This process has other {', '.join(others)} than the first one.")


def _read(options: TrainOptions) -> _Data:
    train_files = [read_annotations(path, options.scheme) for path in options.train]
    dev_file = read_annotations(options.dev, options.scheme)
    documents = [document for file in train_files for document in file.documents]
    labels, rule = label_names(documents), fit_word_rule(documents)
    if misfit := dev_misfit(entity_types(documents), entity_types(dev_file.documents)):
        raise InputError(f"{options.dev}: {misfit}.")
    return _Data(
        (*train_files, dev_file),
        labels,
        rule,
        train=[label_words(document, rule.rule, labels) for document in documents],
        dev=[label_words(document, rule.rule, labels) for document in dev_file.documents],
        unlabelled=read_unlabelled(options.unlabelled, rule.rule) if options.unlabelled else [],
    )


def _run(start: _Start, observer: TrainObserver, work: WorkFolder, processes: Processes) -> Trained:
    options, data, facts, model = start.options, start.data, start.facts, start.model
    facts["training"] = options.as_dict()
    crf = LinearChainCrf(data.labels) if options.decoding == "crf" else None
    processes.first(lambda: write_folder(work.checkpoint, model, start.tokenizer, facts, crf))
    checkpoint = processes.each(lambda: _open_student(options, work, model))
    objective = processes.each(lambda: _objective(options, data, crf))
    windows = _windows(options, observer, data, checkpoint, work, processes)
    precision = processes.first(lambda: choose_precision(options.precision))
    facts["machine"]["precision"] = precision
    dev = DevSet(checkpoint.pieces, data.dev)
    trainer = EntityTrainer(
        model, crf, objective, windows, dev, options, precision, observer, work, processes
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecations inside the libraries; nothing a user can act on
        trainer.run()
    return processes.first(lambda: _finish(start, work, crf, dev, trainer.history, observer))


def _finish(
    start: _Start,
    work: WorkFolder,
    crf: LinearChainCrf | None,
    dev: DevSet,
    history: list[dict[str, float]],
    observer: TrainObserver,
) -> Trained:
    """Make the output of the network as it is now."""
    options, facts = start.options, start.facts
    write_folder(work.checkpoint, start.model, start.tokenizer, facts, crf, half=options.half_weights)
    facts["training"]["seconds"] = round(work.seconds)
    best = record_scores(work.checkpoint, dev, facts, history, observer)
    work.finish(options.output, overwrite=options.overwrite)
    return Trained(options.output, best, facts["scores"]["best_epoch"], tuple(history), facts)


def _open_student(options: TrainOptions, work: WorkFolder, model: Any) -> Checkpoint:
    if not work.checkpoint.exists():
        raise SettingsError(f"{work.folder} is not here; all processes must share the folder of the output.")
    room = room_for_pieces(work.checkpoint, model.config.to_dict())
    if options.max_pieces > room:
        raise SettingsError(
            f"{options.base} has room for {room} pieces in a window, not for {options.max_pieces}."
        )
    return Checkpoint.open(str(work.checkpoint))


def _objective(options: TrainOptions, data: _Data, crf: LinearChainCrf | None) -> Objective:
    return Objective(
        read_class_weights(options.class_weights, data.train, data.labels),
        crf,
        options.teacher_weight if options.teacher else 0.0,
        options.temperature,
    )


def _windows(
    options: TrainOptions,
    observer: TrainObserver,
    data: _Data,
    checkpoint: Checkpoint,
    work: WorkFolder,
    processes: Processes,
) -> MixedWindows:
    documents = [*data.train, *data.unlabelled]
    lessons = [Lesson(document) for document in documents]
    if teacher := options.teacher:
        path = processes.first(
            lambda: ask_teacher(
                teacher,
                documents,
                data.labels,
                observer,
                options.teacher_rows,
                work.folder,
                options.precision,
                options.engine,
            )
        )
        rows = processes.each(lambda: read_rows(path, documents))
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
        options.sentence_share,
    )


def _refuse_what_is_missing(options: TrainOptions) -> None:
    _refuse_existing(options)
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
