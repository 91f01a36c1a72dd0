"""The recognisers that a process keeps open: the last two."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from worker.errors import ModelError, SettingsError
from worker.queue.reading import Reader
from worker.queue.slots import Slot
from worker.settings import Settings
from worker.store import ModelFacts

if TYPE_CHECKING:
    from worker.recognition import Checkpoint

#: How a model that a batch names becomes a recogniser.
OpenModel: TypeAlias = Callable[[ModelFacts, Settings, Slot], Reader]

#: Recognisers kept open; a third takes the place of the one used longest ago.
_N_KEPT = 2


class ModelCache:
    """Opens models when a batch first names them."""

    def __init__(self, settings: Settings, slot: Slot, open_model: OpenModel | None = None) -> None:
        self._settings = settings
        self._slot = slot
        self._open = open_model or open_stored_model
        self._readers: OrderedDict[str, Reader] = OrderedDict()

    def get(self, model: ModelFacts) -> Reader:
        """The recogniser of a model.

        Raises:
            ModelError: the model cannot be opened here, or is not the one that was submitted.
        """
        reader = self._readers.pop(model.id, None)
        if reader is None:
            while (
                len(self._readers) >= _N_KEPT
            ):  # before the next one is loaded: memory for three is not there
                self._readers.popitem(last=False)
            reader = self._open_checked(model)
        self._readers[model.id] = reader
        return reader

    def _open_checked(self, model: ModelFacts) -> Reader:
        try:
            return self._open(model, self._settings, self._slot)
        except ModelError:
            raise
        except (ImportError, OSError, RuntimeError, MemoryError, SettingsError) as error:
            # A broken installation, driver or setting: here no model can be opened; elsewhere it may.
            raise ModelError(
                f"{model.name} cannot be opened here ({type(error).__name__}: {error})"
            ) from error


def open_stored_model(model: ModelFacts, settings: Settings, slot: Slot) -> Reader:
    """Open a stored model from its folder if this machine has it, else by its name.

    Raises:
        ModelError: neither leads to a checkpoint with the stored id.
    """
    from worker.recognition import Checkpoint, open_recognizer  # loads numpy: not before the slot is pinned

    checkpoint = _find_checkpoint(model)
    reader = open_recognizer(
        checkpoint,
        precision=settings.precision,
        threads=slot.threads,
        pack_pieces=settings.pack_pieces,
        device=slot.device,
        engine=settings.engine,
    )
    if Checkpoint.open(str(checkpoint.folder)).id != model.id:
        raise ModelError(f"{checkpoint.folder} changed while it was opened.")
    return reader


def _find_checkpoint(model: ModelFacts) -> Checkpoint:
    from worker.recognition import Checkpoint

    reasons = []
    for place in dict.fromkeys((model.path, model.name)):
        if place == model.path and not Path(place).is_dir():
            reasons.append(f"there is no folder {place}")
            continue
        try:
            checkpoint = Checkpoint.open(place)
        except ModelError as error:
            reasons.append(str(error))
            continue
        if checkpoint.id == model.id:
            return checkpoint
        reasons.append(
            f"{place} holds another model ({checkpoint.id[:12]}) than the submitted one ({model.id[:12]})"
        )
    raise ModelError(f"The model {model.name} cannot be opened on this machine: {'; '.join(reasons)}")
