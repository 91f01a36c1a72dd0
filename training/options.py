"""What a training run is asked to do, and what it tells while it runs. Imports no torch, so that help is quick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from worker.errors import SettingsError

Context = Literal["mixed", "document", "sentence"]
Decoding = Literal["argmax", "constrained", "crf"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
Engine = Literal["auto", "openvino", "torch"]

CONTEXTS: Final = ("mixed", "document", "sentence")
DECODINGS: Final = ("argmax", "constrained", "crf")
PRECISIONS: Final = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Everything that decides how a checkpoint comes out."""

    train: tuple[Path, ...]  #: annotated files, in any format that `worker.annotations` reads
    dev: Path  #: annotated file; the epoch with the best strict F1 on it is kept
    base: str  #: encoder to start from: a folder, a hub id or a bundled model
    output: Path  #: folder of the new checkpoint
    epochs: int = 8
    #: Peak, after the warm-up; None: 5e-5 for a network 768 wide and more for a narrower one, see `peak_rate`.
    learning_rate: float | None = None
    head_learning_rate: float | None = None  #: of the new layers (head, CRF); None: as the encoder's
    layer_decay: float = 1.0  #: each encoder layer learns this much slower than the one above it
    warmup: float = 0.1  #: share of all steps in which the learning rate rises linearly; then it falls to 0
    weight_decay: float = 0.01
    batch_pieces: int = 1024  #: subword pieces that go through the network together
    accumulate: int = 1  #: batches of one step
    patience: int | None = None  #: stop after this many epochs without a better dev score; None: never
    #: Windows of training: of lengths drawn from one sentence to `max_words`, all as long as `max_words`, or sentences.
    context: Context = "mixed"
    max_words: int = 320  #: words of the longest window; 0: single sentences only
    #: Of mixed lengths: share of the words that stand in windows of one sentence, about. With a quarter, single
    #: sentences and the longest windows are read about equally well; see README, "What helps, and what does not".
    sentence_share: float = 0.25
    max_pieces: int = 500  #: pieces of the longest window, special pieces not counted
    #: How labels are chosen: each on its own, the likeliest legal sequence, or that of a CRF, which is trained too.
    decoding: Decoding = "constrained"
    #: Weight of labels in the loss: `balanced` (by inverse frequency) or `LABEL=WEIGHT,...`; None: all alike.
    class_weights: str | None = None
    teacher: str | None = None  #: checkpoint whose probabilities are learned too
    unlabelled: tuple[Path, ...] = ()  #: texts that only the teacher labels: files or folders
    #: Unlabelled text of one epoch, in pieces of the labelled text; epochs take turns through what there is.
    unlabelled_ratio: float = 1.5
    teacher_weight: float = 0.7  #: share of the teacher in the loss of a labelled word
    temperature: float = 2.0  #: softens both sides' probabilities before they are compared
    teacher_rows: Path | None = None  #: the teacher's probabilities: read if the file is there, else written
    seed: int = 1
    threads: int | None = None  #: CPU threads; None leaves torch's own choice
    precision: Precision = (
        "auto"  #: of the computation, not of the weights; auto: bf16 where the hardware has it
    )
    engine: Engine = "auto"  #: that the teacher reads with, see `worker.recognition.engines`
    scheme: str | None = None  #: IOB1, IOB2 or BIOES of CoNLL files; None: recognised and stated
    #: Store the weights in 16 bits: half the size; scores on dev are of what is stored.
    half_weights: bool = False
    #: Markdown that goes into the model card: licences of the data, limits of the model.
    notes: Path | None = None
    tensorboard: Path | None = None  #: folder for TensorBoard logs
    overwrite: bool = False
    restart: bool = False  #: begin anew where an interrupted run of the same options could be resumed

    def __post_init__(self) -> None:
        patience = 1 if self.patience is None else self.patience
        if min(self.epochs, self.batch_pieces, self.accumulate, patience) < 1:
            raise SettingsError("Epochs, batch pieces, accumulated batches and patience must be at least 1.")
        if self.max_pieces < 8 or self.max_words < 0:
            raise SettingsError("A window must have at least 8 pieces; its words cannot be negative.")
        for rate in (self.learning_rate, self.head_learning_rate):
            if rate is not None and not 0 < rate < 1:
                raise SettingsError("A learning rate must be in (0, 1).")
        if not (0 <= self.warmup < 1 and 0 < self.layer_decay <= 1 and 0 <= self.teacher_weight <= 1):
            raise SettingsError("Warm-up must be in [0, 1), layer decay in (0, 1], teacher weight in [0, 1].")
        if not 0 <= self.sentence_share <= 1:
            raise SettingsError("The share of single sentences must be in [0, 1].")
        if self.temperature <= 0 or self.unlabelled_ratio <= 0:
            raise SettingsError("The temperature and the ratio of unlabelled text must be above 0.")
        if self.unlabelled and not self.teacher:
            raise SettingsError("Unlabelled text teaches nothing without a teacher; give one.")
        if self.teacher_rows and not self.teacher:
            raise SettingsError("There is no teacher whose probabilities could be kept; give one.")
        if self.class_weights and self.decoding == "crf":
            raise SettingsError(
                "A CRF learns the likelihood of whole sequences: it takes no weights of labels."
            )
        if self.context == "sentence" and self.max_words:
            object.__setattr__(self, "max_words", 0)

    def as_dict(self) -> dict[str, Any]:
        """For the checkpoint's folder: paths as their last part, since a card is no place for a user's folders."""
        values = {name: _without_folder(value) for name, value in asdict(self).items()}
        for name in ("base", "teacher"):
            value = values[name]
            values[name] = Path(value).name if value and Path(value).is_dir() else value
        return values


def _without_folder(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_without_folder(item) for item in value]
    return value.name if isinstance(value, Path) else value


def peak_rate(width: int) -> float:
    """The learning rate that suits an encoder of this hidden size: 5e-5 for 768, 2e-4 for 384."""
    return float(5e-5 * (768 / width) ** 2)


class TrainObserver:
    """Is told of a run's progress; does nothing itself."""

    def prepared(self, facts: dict[str, Any]) -> None:
        """The data is read: schemes, word rule and its agreement, documents, words, spans, misaligned, steps."""

    def taught(self, n_done: int, n_words: int) -> None:
        """The teacher has read so many of the words."""

    def resumed(self, epoch: int) -> None:
        """An interrupted run goes on after this epoch."""

    def began_anew(self, n_epochs: int, differences: Sequence[str]) -> None:
        """So many epochs of an interrupted run will be thrown away: it was made with what these say."""

    def kept(self, epoch: int) -> None:
        """The run can be resumed after this epoch."""

    def stepped(self, step: int, n_steps: int, loss: float | None) -> None:
        """A step is done, the first is 1; `loss` is the mean since the last time it was given."""

    def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:
        """An epoch is done, the first is 1; `score` holds precision, recall and f1 in [0, 1] on dev."""

    def tried(self, window_words: int, f1: float) -> None:
        """The stored weights have read dev in windows of so many words, 0 for one sentence; `f1` in [0, 1]."""
