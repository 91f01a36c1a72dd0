"""`nerq worker`: work on what is queued."""

from __future__ import annotations

import click

from cli import output


@click.command("worker")
@click.option("--gpus", metavar="all|none|0,2", help="Which GPUs; all there are, or the CPU, if not given.")
@click.option("--per-gpu", type=click.IntRange(min=1), help="Processes on each GPU. [default: 1]")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="Processes on the CPU. [default: one for every two cores, if each finds 1 GB of memory]",
)
def command(gpus: str | None, per_gpu: int | None, processes: int | None) -> int:
    """Work on what is queued, one process for each GPU.

    \b
    Examples:
      nerq worker                        all GPUs, or the CPU
      nerq worker --gpus 0,2 --per-gpu 2
      nerq worker --gpus none --processes 4

    It needs a broker (NERQ_BROKER) and a database that all machines reach (NERQ_DATABASE). Ctrl-C or SIGTERM
    lets batches finish; what does not finish in time goes back to the queue. A second one stops at once.
    Either way nothing is lost.
    """
    from worker.log import set_up_logging
    from worker.queue.boot import run_worker
    from worker.settings import load_settings

    settings = load_settings()
    set_up_logging(settings)
    _refuse_or_warn(gpus, per_gpu, processes)
    return run_worker(settings, gpus=gpus, per_gpu=per_gpu or 1, processes=processes)


def _refuse_or_warn(gpus: str | None, per_gpu: int | None, processes: int | None) -> None:
    """Let no option go unheeded in silence."""
    if per_gpu and gpus == "none":
        raise click.UsageError("--per-gpu does not go with --gpus none: give --processes.")
    if processes and gpus not in (None, "none"):
        raise click.UsageError("--processes is for the CPU and does not go with --gpus: give --per-gpu.")
    if gpus is not None or not (per_gpu or processes):
        return
    from worker.queue.slots import find_gpus

    has_gpus = bool(find_gpus())
    if processes and has_gpus:
        output.warn(
            "--processes is for the CPU and is ignored: GPUs were found. Give --per-gpu or --gpus none."
        )
    if per_gpu and not has_gpus:
        output.warn("--per-gpu is ignored: no GPU was found. The CPU takes --processes.")
