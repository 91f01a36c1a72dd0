"""The checks of `nerq doctor` that say what computes the model on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.checks import Check
    from worker.settings import Settings


def engine_checks(settings: Settings) -> Iterator[Check]:
    """Engine and precision for each kind of device that models run on, and where converted networks are kept."""
    from cli.checks import Check
    from worker.queue.slots import plan_slots
    from worker.recognition.engines import choose_engine

    (device,) = {slot.device for slot in plan_slots(settings)}
    choice = choose_engine(settings.engine, settings.precision, device)
    precision = choice.precision
    if precision == "auto":
        precision = "bf16 where the hardware has it, else fp16 on a GPU and fp32 on a CPU"
    yield Check("engine", "ok", f"{choice.library} on {device}, {precision}: {choice.reason}")
    if choice.precision == "int8" and choice.library == "openvino":
        yield _int8_check(settings)
    if choice.library == "openvino":
        yield _cache_check()


def _int8_check(settings: Settings) -> Check:
    """Raises ModelError where the default model may not run in 8 bits."""
    from cli.checks import Check
    from worker.recognition import Checkpoint
    from worker.recognition.engine_openvino import choose_precision
    from worker.recognition.int8 import accepted_verdict

    verdict = accepted_verdict(Checkpoint.open(settings.model), choose_precision("auto")[0])
    return Check("engine", "ok", f"{settings.model}: {verdict}")


def _cache_check() -> Check:
    from cli.checks import Check
    from worker.recognition.network_cache import NetworkCache

    folder = NetworkCache.of_this_user().folder
    advice = "Set XDG_CACHE_HOME to a folder that can be written; until then each start takes seconds longer."
    if folder is None:
        return Check("engine", "warning", "there is no folder for converted networks", advice)
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        return Check("engine", "warning", f"converted networks cannot be kept in {folder}", advice)
    return Check("engine", "ok", f"converted networks are kept in {folder}")
