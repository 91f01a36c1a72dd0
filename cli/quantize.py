"""`nerq models quantize`: may a model run in 8 bits?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cli.options import json_object
from cli.output import say
from cli.render import render_one
from cli.session import read_settings
from worker.errors import EXIT_FAILURES, EXIT_OK


@click.command("quantize")
@click.argument("model")
@click.option(
    "--gold",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Annotated documents to measure on, in any format of `nerq data`; may be given several times.",
)
@json_object
def quantize(model: str, paths: tuple[Path, ...], as_json: bool) -> int:
    """Measure what 8 bits cost a model, and allow them if that is little.

    \b
    Examples:
      nerq models quantize general --gold examples/gold.jsonl
      nerq models quantize models/mine --gold dev.conll && NERQ_PRECISION=int8 nerq submit letters/

    The model reads gold's texts in fp32 and in int8, as a job would. Unless F1 is 0 or falls by more than 0.3
    points, NERQ_PRECISION=int8 is allowed for it; else that stays forbidden and the exit code is 1. The verdict
    holds on this machine, for these weights, until OpenVINO is replaced; take gold that is like your documents,
    and enough of it.
    """
    settings = read_settings()
    from worker.recognition.engines import choose_engine

    choose_engine("openvino", "int8", "cpu")  # before what needs it is imported
    from training.gold import Gold
    from training.int8_gate import measure_int8
    from worker.recognition import Checkpoint

    gold = Gold.read(paths)
    verdict = measure_int8(Checkpoint.open(model), gold, settings.threads)
    verdict.keep()
    if as_json:
        render_one({**asdict(verdict), "accepted": verdict.is_accepted})
    elif verdict.is_accepted:
        say(f"{model}: {verdict}.\nNERQ_PRECISION=int8 is allowed for it on this machine.")
    else:
        say(f"{model}: {verdict}.\nNERQ_PRECISION=int8 stays forbidden for it: {verdict.refusal}.")
    return EXIT_OK if verdict.is_accepted else EXIT_FAILURES
