"""`nerq worker`: work on what is queued."""

from __future__ import annotations

import click


@click.command("worker")
@click.option("--gpus", metavar="all|none|0,2", help="Which GPUs; all there are, or the CPU, if not given.")
@click.option(
    "--per-gpu", type=click.IntRange(min=1), default=1, show_default=True, help="Processes on each GPU."
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="Processes on the CPU. [default: one for every two cores, at most 4]",
)
def command(gpus: str | None, per_gpu: int, processes: int | None) -> int:
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
    return run_worker(settings, gpus=gpus, per_gpu=per_gpu, processes=processes)
