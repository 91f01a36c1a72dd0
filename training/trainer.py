"""transformers' Trainer with batches that are made already, a loss over words, and a dev score by entities."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.integrations import TensorBoardCallback

from training.batches import MixedWindows
from training.crf import LinearChainCrf
from training.dev import DevSet
from training.learner import Learner
from training.objective import Objective
from training.optimizer import parameter_groups
from training.options import Precision, TrainObserver, TrainOptions
from training.processes import Processes
from training.work import WorkFolder
from worker.errors import SettingsError
from worker.recognition import Checkpoint
from worker.recognition.engine_torch import TorchEngine

_WEIGHTS = "model.safetensors"


class EntityTrainer(Trainer):
    """Trains one network; `run` resumes from the work folder's last epoch if there is one.

    Of several processes each takes every so-manieth batch of an epoch, as many as the others: where they do not come
    out even, the last step takes the first batches of the epoch again. A step follows the mean of the gradients of
    all processes. The first process scores, and writes all but the state of each process's random numbers.

    Attributes:
        history: precision, recall and F1 on dev after each epoch, those before an interruption included.
    """

    control: TrainerControl
    optimizer: torch.optim.Optimizer | None

    def __init__(
        self,
        model: Any,
        crf: LinearChainCrf | None,
        objective: Objective,
        windows: MixedWindows,
        dev: DevSet,
        options: TrainOptions,
        precision: Precision,
        observer: TrainObserver,
        work: WorkFolder,
        processes: Processes,
    ) -> None:
        if not torch.cuda.is_available():
            with contextlib.suppress(ValueError):  # of networks that have no other way
                model.set_attn_implementation("eager")  # on a CPU the fused kernel is slow backwards
        self._crf = crf
        self._dev = dev
        self._options = options
        self._observer = observer
        self._work = work
        self._processes = processes
        self.history: list[dict[str, float]] = []
        self._steps_per_epoch = -(-len(windows) // (processes.count * options.accumulate))
        callbacks: list[TrainerCallback] = [_Reporter(self, windows, observer, work, processes)]
        learner = Learner(model, objective)
        # A batch of unlabelled text has no use for a CRF.
        has_idle_parameters = processes.count > 1 and (
            bool(crf and options.unlabelled) or learner.has_idle_parameters(windows[0]["input_ids"][:1, :4])
        )
        super().__init__(
            model=learner,
            args=_training_arguments(options, precision, self._steps_per_epoch, has_idle_parameters, work),
            train_dataset=windows,
            eval_dataset=windows,  # the Trainer wants one; `evaluate` scores documents instead
            data_collator=lambda batches: batches[0],
            callbacks=callbacks,
        )
        self.remove_callback(
            next(c for c in self.callback_handler.callbacks if type(c).__name__ == "PrinterCallback")
        )
        if processes.rank:  # the first has the seed of the options, as the only one would have
            set_seed(options.seed + processes.rank)  # lest all drop out alike

    def run(self) -> None:
        """Train to the end, then load the weights of the best epoch into the first process's network."""
        last = self._processes.first(self._take_up)
        first_step = 0
        if last is not None:
            state = TrainerState.load_from_json(str(last / "trainer_state.json"))
            first_step = state.global_step
            self.history = [
                {name: log[f"eval_{name}"] for name in ("precision", "recall", "f1")}
                for log in state.log_history
                if "eval_f1" in log
            ]
            self._observer.resumed(len(self.history))
        if self._options.tensorboard and self._processes.is_first:
            self.add_callback(_tensorboard(self._options.tensorboard, first_step))
        if not self._is_out_of_patience():
            self.train(resume_from_checkpoint=None if last is None else str(last))
        if self._processes.is_first:
            load_model(self.model, self._work.epoch_of(self.best_step) / _WEIGHTS)

    def _take_up(self) -> Path | None:
        """Where to go on from, if anywhere."""
        last = self._work.last_epoch()
        if last is None:
            self._work.begin()
        return last

    @property
    def best_step(self) -> int:
        """The step that ended the first of the epochs with the best F1."""
        scores = [score["f1"] for score in self.history]
        return (scores.index(max(scores)) + 1) * self._steps_per_epoch

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The objective's loss; see `training.objective`."""
        loss = model(inputs)
        total = self._processes.total(loss.item())
        if not math.isfinite(total):
            self._processes.first(lambda: self._refuse(total))
        return loss

    def _refuse(self, loss: float) -> None:
        raise SettingsError(
            f"The loss is {loss} at step {self.state.global_step + 1}, so nothing more can be learned; "
            "lower the learning rate, or choose precision fp32."
        )

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW over groups of parameters that learn at their own rates."""
        if self.optimizer is None:
            options = self._options
            groups = parameter_groups(
                model or self.model,
                self.args.learning_rate,
                options.head_learning_rate,
                options.layer_decay,
                options.weight_decay,
            )
            self.optimizer = torch.optim.AdamW(groups, lr=self.args.learning_rate, fused=True)
        return self.optimizer

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Strict precision, recall and F1 on dev."""
        score = self._processes.first(self._score)
        is_best = all(score["f1"] > before["f1"] for before in self.history)
        self.history.append(score)
        self._observer.scored(len(self.history), score, is_best)
        metrics = {f"eval_{name}": value for name, value in score.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        self.control.should_training_stop |= self._is_out_of_patience()
        return metrics

    def _score(self) -> dict[str, float]:
        if self._crf is not None:
            self._crf.save(self._work.checkpoint)
        with self.accelerator.autocast():  # as it is trained
            report = self._dev.score(
                Checkpoint.open(str(self._work.checkpoint)), TorchEngine(self.model.network.eval())
            )
        self.model.train()
        return {"precision": report.precision, "recall": report.recall, "f1": report.f1}

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """The weights under the names that they have here.

        `save_pretrained` writes them under those of the base, which in old checkpoints are others
        (`LayerNorm.gamma`), and the Trainer would skip these without a word when it loads them.
        """
        if not self._processes.is_first:
            return
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        save_model(self.model, str(folder / _WEIGHTS), {"format": "pt"})

    def _is_out_of_patience(self) -> bool:
        patience = self._options.patience
        n_since_best = len(self.history) - self.best_step // self._steps_per_epoch if self.history else 0
        return patience is not None and n_since_best >= patience


def _training_arguments(
    options: TrainOptions,
    precision: Precision,
    steps_per_epoch: int,
    has_idle_parameters: bool,
    work: WorkFolder,
) -> TrainingArguments:
    if options.learning_rate is None:
        raise ValueError("the learning rate must be settled: it depends on the width of the network")
    try:
        arguments = TrainingArguments(
            output_dir=str(work.epochs),
            num_train_epochs=options.epochs,
            per_device_train_batch_size=1,  # an item is a batch
            gradient_accumulation_steps=options.accumulate,
            learning_rate=options.learning_rate,
            lr_scheduler_type="linear",
            warmup_steps=round(options.warmup * steps_per_epoch * options.epochs),
            weight_decay=options.weight_decay,
            bf16=precision == "bf16",
            fp16=precision == "fp16",
            use_cpu=not torch.cuda.is_available(),
            seed=options.seed,
            train_sampling_strategy="sequential",
            eval_strategy="epoch",
            save_strategy="epoch",  # which are kept, and which is the best, is for WorkFolder and EntityTrainer
            logging_steps=20,
            logging_nan_inf_filter=False,
            disable_tqdm=True,
            report_to=[],
            remove_unused_columns=False,
            dataloader_pin_memory=torch.cuda.is_available(),
            ddp_find_unused_parameters=has_idle_parameters,
            ddp_broadcast_buffers=False,  # nothing in them changes
        )
    except (ImportError, RuntimeError) as error:
        raise SettingsError(f"The Trainer refuses these options: {error}") from error
    _ = arguments.device  # found out now, lest it counts the GPUs later
    # An item is a batch: with several GPUs in one process the Trainer would ask for several and train on one.
    arguments._n_gpu = min(1, arguments._n_gpu)
    return arguments


def _tensorboard(folder: Path, first_step: int) -> TrainerCallback:
    """Writes the Trainer's logs; a resumed run writes over what the interrupted one wrote after `first_step`."""
    from torch.utils.tensorboard import SummaryWriter

    return TensorBoardCallback(SummaryWriter(str(folder), purge_step=first_step or None))


class _Reporter(TrainerCallback):
    """Moves the data on to the next epoch, marks what can be resumed from, and tells the observer of steps."""

    def __init__(
        self,
        trainer: EntityTrainer,
        windows: MixedWindows,
        observer: TrainObserver,
        work: WorkFolder,
        processes: Processes,
    ) -> None:
        self._trainer = trainer
        self._windows = windows
        self._observer = observer
        self._work = work
        self._processes = processes
        self._loss: float | None = None

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._windows.epoch = round(state.epoch or 0)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._processes.wait()  # each has written the state of its random numbers
        if self._processes.is_first:
            self._work.mark_whole(state.global_step, kept=[self._trainer.best_step])
        self._observer.kept(len(self._trainer.history))

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
