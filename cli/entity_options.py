"""The options of `nerq entities`, and what their values mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import click

from cli.options import FiniteRange, StoredInteger, split_labels
from cli.surroundings import Within

_F = TypeVar("_F", bound=Callable[..., Any])

COUNT_KEYS = ("text", "label", "document", "job", "model")
SORT_KEYS = ("document", "text", "label", "score")
_SORTS = [sign + key for key in SORT_KEYS for sign in ("", "-")]


class Moment(click.ParamType[float]):
    """A date, or a date and time: in the time zone of this machine unless it names its own. Seconds since 1970.

    A date alone is its first moment, or with `is_end` the first one after it.
    """

    name = "date"

    def __init__(self, is_end: bool = False) -> None:
        self._is_end = is_end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds since 1970-01-01 UTC."""
        if isinstance(value, float):
            return value
        try:
            moment = datetime.fromisoformat(value)
            if self._is_end and len(value) <= len("2026-01-31"):
                moment += timedelta(days=1)
            return moment.timestamp()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no date such as 2026-01-31 or 2026-01-31T18:00.", param, ctx)


class Distance(click.ParamType[Within]):
    """`sentence`, `document` or a number of characters."""

    name = "distance"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Within:
        """The scope or the number."""
        if isinstance(value, int) or value in ("sentence", "document"):
            return cast(Within, value)
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            self.fail(
                f"{value!r} is neither a number of characters nor 'sentence' nor 'document'.", param, ctx
            )
        return int(value)


def split_choices(
    choices: Sequence[str],
) -> Callable[[click.Context, click.Parameter, str | None], tuple[str, ...]]:
    """A callback: `a,b` -> ("a", "b"), each of them one of the choices and there only once."""

    def split(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
        found = tuple(part.strip() for part in (value or "").split(",") if part.strip())
        for part in found:
            if part not in choices or found.count(part) > 1:
                raise click.BadParameter(
                    f"{part!r} is not one of {', '.join(choices)}, each once.", ctx=ctx, param=param
                )
        return found

    return split


def offer_choices(
    choices: Sequence[str],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What a shell offers for the last of several choices with commas."""

    def offer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        del ctx, param
        before, comma, beginning = incomplete.rpartition(",")
        chosen = before.split(",")
        return [
            f"{before}{comma}{choice}"
            for choice in choices
            if choice.startswith(beginning) and choice not in chosen
        ]

    return offer


_OPTIONS = (
    click.option(
        "--job",
        "jobs",
        multiple=True,
        metavar="JOB",
        help="Only in the documents of this job: its number, name, or 'last'; several times for several.",
    ),
    click.option(
        "--document",
        "documents",
        multiple=True,
        metavar="DOCUMENT",
        help="Only in this document: its id, path, a unique end of its path, or a pattern such as 'x/*.txt'.",
    ),
    click.option(
        "--label",
        multiple=True,
        callback=split_labels,
        metavar="LABEL",
        help="Only these labels, e.g. PER,ORG.",
    ),
    click.option("--text", help="Only entities that read exactly like this."),
    click.option("--name", help="Only this name, whatever its case, spaces and line breaks."),
    click.option("--like", help="Only entities that contain this; case and line breaks do not matter."),
    click.option("--min-score", type=FiniteRange(0, 1), help="Only entities at least this probable."),
    click.option(
        "--model", metavar="MODEL", help="Only what this model found: its name or the start of its id."
    ),
    click.option(
        "--since", type=Moment(), metavar="DATE", help="Only what was read from this day or time on."
    ),
    click.option(
        "--until", type=Moment(is_end=True), metavar="DATE", help="Only what was read to the end of this day."
    ),
    click.option(
        "--near", metavar="TEXT", help="Only entities with this text near them; case does not matter."
    ),
    click.option(
        "--cooccur",
        multiple=True,
        callback=split_labels,
        metavar="LABEL",
        help="Only entities with another one of these labels near them.",
    ),
    click.option(
        "--within",
        type=Distance(),
        metavar="sentence|document|N",
        help="What near means: N is a number of characters. [default: sentence]",
    ),
    click.option(
        "--count-by",
        callback=split_choices(COUNT_KEYS),
        shell_complete=offer_choices(COUNT_KEYS),
        metavar="|".join(COUNT_KEYS),
        help="Count instead of listing; several with commas.",
    ),
    click.option(
        "--sort",
        callback=split_choices(_SORTS),
        shell_complete=offer_choices(_SORTS),
        metavar="|".join(SORT_KEYS),
        help="Another order; several with commas, with - before it a key descends. [default: document]",
    ),
    click.option("--limit", type=StoredInteger(min=0), help="At most this many rows."),
    click.option(
        "--offset", type=StoredInteger(min=0), default=0, help="Leave out this many rows before them."
    ),
    click.option(
        "--after",
        type=StoredInteger(min=0),
        metavar="ID",
        help="Go on after this entity: the id of the last row that was seen.",
    ),
    click.option(
        "--context", type=click.IntRange(min=0), metavar="N", help="Show N characters before and after each."
    ),
)


def condition_options(command: _F) -> _F:
    """Adds them, in the order in which help shows them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
