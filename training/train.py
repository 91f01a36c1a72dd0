"""A training run: labelled data and an encoder in, a checkpoint folder out."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from training.base import open_base
from training.batches import MixedWindows
from training.data import LabelledDocument, label_names, label_words
from training.dev import DevSet
from training.facts import gather_facts
from training.folder import record_scores, write_folder
from training.options import TrainObserver, TrainOptions
from training.scoring import Report
from training.word_rule import fit_word_rule
from worker.annotations import read_annotations
from worker.errors import InputError, SettingsError
from worker.recognition import Checkpoint
from worker.recognition.checkpoint import room_for_pieces
from worker.recognition.engine_torch import TorchEngine


@dataclass(frozen=True, slots=True)
class Trained:
    """The outcome: where the checkpoint is, and its strict score on dev after each epoch."""

    output: Path
    best: Report  #: of the stored weights
    best_epoch: int  #: the first is 1
    history: tuple[dict[str, float], ...]
    facts: dict[str, Any]


def train(options: TrainOptions, observer: TrainObserver | None = None) -> Trained:
    """Train, keep the epoch with the best strict F1 on dev, and write a standard Hugging Face folder.

    Nothing is left in `options.output` unless the run comes to its end.

    Raises:
        InputError: a data file cannot be read, or the output exists already.
        ModelError: the base cannot be opened.
    """
    _refuse_existing(options)
    observer = observer or TrainObserver()
    train_files = [read_annotations(path, options.scheme) for path in options.train]
    dev_file = read_annotations(options.dev, options.scheme)
    documents = [document for file in train_files for document in file.documents]
    labels, rule = label_names(documents), fit_word_rule(documents)
    train_documents = [label_words(document, rule.rule, labels) for document in documents]
    dev_documents = [label_words(document, rule.rule, labels) for document in dev_file.documents]
    facts = gather_facts(options, [*train_files, dev_file], rule, train_documents, dev_documents)
    observer.prepared(facts)

    work = options.output.with_name(f".{options.output.name}.work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        trained = _run(options, observer, facts, labels, train_documents, dev_documents, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return trained


def _run(
    options: TrainOptions,
    observer: TrainObserver,
    facts: dict[str, Any],
    labels: Sequence[str],
    train_documents: Sequence[LabelledDocument],
    dev_documents: Sequence[LabelledDocument],
    work: Path,
) -> Trained:
    if options.threads:
        torch.set_num_threads(options.threads)
    set_seed(options.seed)
    model, tokenizer = open_base(options.base, labels)
    folder = work / "checkpoint"
    write_folder(folder, model, tokenizer, facts)
    room = room_for_pieces(folder, model.config.to_dict())
    if options.max_pieces > room:
        raise SettingsError(
            f"{options.base} has room for {room} pieces in a window, not for {options.max_pieces}."
        )
    checkpoint = Checkpoint.open(str(folder))
    windows = MixedWindows(
        train_documents, checkpoint.pieces, checkpoint.window, options.batch_pieces, options.seed
    )
    dev = DevSet(checkpoint, dev_documents)
    trainer = _Trainer(model, windows, dev, options, observer, work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecations inside the libraries; nothing a user can act on
        trainer.train()
    write_folder(folder, trainer.model, tokenizer, facts, half=options.half_weights)
    history = tuple(trainer.history)
    best = record_scores(folder, dev, facts, history)
    if options.output.exists():
        options.output.rename(work / "replaced")
    folder.rename(options.output)
    return Trained(options.output, best, facts["scores"]["best_epoch"], history, facts)


class _Trainer(Trainer):
    """transformers' Trainer with batches that are made already and a dev score by entities."""

    control: TrainerControl

    def __init__(
        self,
        model: Any,
        windows: MixedWindows,
        dev: DevSet,
        options: TrainOptions,
        observer: TrainObserver,
        work: Path,
    ) -> None:
        self._dev = dev
        self._observer = observer
        self.history: list[dict[str, float]] = []
        super().__init__(
            model=model,
            args=_training_arguments(options, len(windows), work),
            train_dataset=windows,
            eval_dataset=windows,  # the Trainer wants one; `evaluate` scores documents instead
            data_collator=lambda batches: batches[0],
            callbacks=[_Reporter(windows, observer)],
        )
        self.remove_callback(
            next(c for c in self.callback_handler.callbacks if type(c).__name__ == "PrinterCallback")
        )

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Strict precision, recall and F1 on dev."""
        report = self._dev.score(TorchEngine(self.model.eval()))
        score = {"precision": report.precision, "recall": report.recall, "f1": report.f1}
        is_best = all(score["f1"] > before["f1"] for before in self.history)
        self.history.append(score)
        self._observer.scored(len(self.history), score, is_best)
        self.model.train()
        metrics = {f"eval_{name}": value for name, value in score.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def _training_arguments(options: TrainOptions, n_batches: int, work: Path) -> TrainingArguments:
    arguments = TrainingArguments(
        output_dir=str(work / "epochs"),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=1,  # an item is a batch
        learning_rate=options.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=round(options.warmup * n_batches * options.epochs),
        weight_decay=options.weight_decay,
        optim="adamw_torch_fused",
        seed=options.seed,
        train_sampling_strategy="sequential",
        eval_strategy="epoch",
        save_strategy="best",
        save_only_model=True,
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        logging_steps=20,
        disable_tqdm=True,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    _ = arguments.device  # found out now, lest it counts the GPUs later
    # An item is a batch: with several GPUs in one process the Trainer would ask for several and train on one.
    arguments._n_gpu = min(1, arguments._n_gpu)
    return arguments


class _Reporter(TrainerCallback):
    """Moves the data on to the next epoch, and tells the observer of steps."""

    def __init__(self, windows: MixedWindows, observer: TrainObserver) -> None:
        self._windows = windows
        self._observer = observer
        self._loss: float | None = None

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._windows.epoch = round(state.epoch or 0)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Any = None,
        **_: Any,
    ) -> None:
        self._loss = (logs or {}).get("loss", self._loss)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._observer.stepped(state.global_step, state.max_steps, self._loss)


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
