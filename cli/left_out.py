"""Documents of a job that a command could not carry over, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import output
from cli.quantity import count

if TYPE_CHECKING:
    from worker.export.selection import Tally

#: Names that a warning lists before it says how many more there are.
_NAMES_SHOWN = 10


def warn_of_left_out(tally: Tally, where: str, job_id: int) -> None:
    """Name them, if there are any; `where` says in what they are missing."""
    if not tally.n_left_out:
        return
    lines = [f"  {one.name}: {one.reason}" for one in tally.left_out[:_NAMES_SHOWN]]
    more = tally.n_left_out - len(lines)
    lines += [f"  and {count(more, 'more', 'more')}: `nerq errors {job_id}`, `nerq status {job_id}`"] * (
        more > 0
    )
    n = count(tally.n_left_out, "document is", "documents are")
    output.warn("\n".join([f"{n} not in {where}:", *lines]))


def left_out_fields(tally: Tally) -> dict[str, Any]:
    """The same for machines."""
    named = [{"name": one.name, "reason": one.reason} for one in tally.left_out]
    return {"n_left_out": tally.n_left_out, "left_out": named}
