"""`nerq evaluate`: score the stored entities of a job, or a model, against gold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.annotated_input import AnnotatedInput
from cli.contender import Way
from cli.evaluation import Question, Scored, keep, score
from cli.options import FiniteRange, OutputFile, json_object, quiet
from cli.quantity import count
from cli.render import render_one
from cli.scores import Shown, print_figures
from cli.session import opened_database, read_settings, sqlite_path
from cli.visible import visible
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from training.gold import Gold
    from worker.settings import Settings
    from worker.store import Database

#: Names that a message lists before it says how many more there are.
_NAMES_SHOWN = 5
#: Errors in JSON and in a report, unless --errors says how many.
_ERRORS_TOLD = 100


def _split_lengths(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, ...]:
    """`100,0,60` -> (0, 60, 100)."""
    parts = [part.strip() for part in value.split(",")] if value else []
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise click.BadParameter("give words of a window, such as 100, or several, such as 0,60,100.")
    return tuple(sorted({int(part) for part in parts}))


@click.command("evaluate")
@click.argument("job", metavar="[JOB]", required=False)
@click.option(
    "--gold",
    "paths",
    required=True,
    multiple=True,
    type=AnnotatedInput(),
    help="Annotated file, or folder of brat standoff; give it again for more.",
)
@click.option("--model", metavar="MODEL", help="Let this model read gold's documents, in place of a job.")
@click.option(
    "--scheme",
    type=click.Choice(["IOB1", "IOB2", "BIOES"], case_sensitive=False),
    metavar="IOB1|IOB2|BIOES",
    help="Tagging scheme of CoNLL files; recognised and stated if not given.",
)
@click.option("--raw", is_flag=True, help="With --model: it finds words and sentences itself, as in a job.")
@click.option(
    "--window",
    callback=_split_lengths,
    metavar="N[,N...]",
    default="",
    help="With --model: words of its windows, 0 for single sentences; several are compared.",
)
@click.option(
    "--decoding",
    type=click.Choice(["argmax", "constrained", "crf"]),
    help="With --model: how its labels are chosen. [default: as the model says]",
)
@click.option("--against", metavar="JOB|MODEL", help="Compare with another job or model on the same gold.")
@click.option("--min-score", type=FiniteRange(0, 1), help="Leave out entities below this probability.")
@click.option("--confusion", is_flag=True, help="Show which labels are taken for which.")
@click.option("--errors", type=click.IntRange(min=0), metavar="N", help="Show this many errors, worst first.")
@click.option("--full", is_flag=True, help="Show every figure.")
@click.option("--report", type=OutputFile(), help="Write an HTML page, too.")
@click.option("--no-store", is_flag=True, help="Do not keep the figures for `nerq evaluations`.")
@quiet
@json_object
def command(
    job: str | None,
    paths: tuple[Path, ...],
    model: str | None,
    scheme: str | None,
    raw: bool,
    window: tuple[int, ...],
    decoding: str | None,
    against: str | None,
    min_score: float | None,
    confusion: bool,
    errors: int | None,
    full: bool,
    report: Path | None,
    no_store: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Score the stored entities of a job, or a model, against gold.

    \b
    Examples:
      nerq evaluate --gold examples/gold.jsonl              the last job
      nerq evaluate letters --gold dev.conll --errors 20    and its worst errors
      nerq evaluate --model general --gold dev.conll        no job: the model reads gold now
      nerq evaluate --model mine --gold dev.conll --window 0,60,100
      nerq evaluate --model mine --gold dev.conll --against general
      nerq evaluate 7 --gold dev.conll --json | jq .f1

    JOB is the last one if not given. An entity counts when its begin, end and label are all right (seqeval,
    strict). Gold finds its document by id, by path or by its text; the words of a CoNLL file are found in the
    text whatever the spaces between them.

    A model reads a CoNLL file in the words and sentences of the file, which gives the figure that papers state;
    with --raw it is given the text alone, as in a job. A model that a job is compared with (--against) gets the
    text alone, too; --window and --decoding are for the first of the two. Only documents that both have read
    count in the comparison.

    The figures are kept, without any text: `nerq evaluations` lists them. --json and --report tell the worst 100
    errors unless --errors says how many. The exit code is 1 when no gold document is in the job.
    """
    _refuse_misfits(job, model, raw, window, decoding, against)
    settings = read_settings()
    from training.gold import Gold

    gold = Gold.read(paths, scheme)
    n_errors = errors if errors is not None else _ERRORS_TOLD if as_json or report else 0
    way = Way(window, decoding, raw)
    question = Question(job, model, gold, way, against, min_score, n_errors, quiet)
    with _database(settings, model is None, not no_store, against is not None) as database:
        scored = score(question, settings, database)
        best = scored[0]
        if best.answer["n_documents"] and database and not no_store:
            ids = keep(scored, gold, database)
            best.answer["evaluation"] = ids[0]
    if report:
        from training.report import write_report

        write_report(report, best.answer, f"{best.contender.title} on {_files(gold)}")
    if as_json:
        render_one(best.answer)
    else:
        _print(best, gold, Shown(full, confusion, bool(errors)))
        _say_where(best.answer, report, bool(errors))
    return EXIT_OK if best.answer["n_documents"] else EXIT_FAILURES


def _refuse_misfits(
    job: str | None,
    model: str | None,
    raw: bool,
    window: tuple[int, ...],
    decoding: str | None,
    against: str | None,
) -> None:
    if job is not None and model is not None:
        raise click.UsageError("Give a JOB or --model: a job is of one model, whose entities are stored.")
    for name, is_given in (("--raw", raw), ("--window", window), ("--decoding", decoding)):
        if is_given and model is None:
            raise click.UsageError(f"{name} needs --model: the documents of a job have been read already.")
    if against is not None and len(window) > 1:
        raise click.UsageError("--against compares one reading: give one --window, or none.")


@contextmanager
def _database(settings: Settings, has_job: bool, stores: bool, has_rival: bool) -> Iterator[Database | None]:
    """The database where it is needed; one that is there may hold the job to compare with.

    Raises: as `opened_database`.
    """
    path = sqlite_path(settings)
    may_hold_rival = has_rival and (path is None or path.exists())
    if not has_job and not stores and not may_hold_rival:
        yield None
        return
    with opened_database(settings, make=stores and not has_job) as database:
        yield database


def _files(gold: Gold) -> str:
    return ", ".join(str(file.path) for file in gold.files)


def _print(scored: Scored, gold: Gold, shown: Shown) -> None:
    """Who was scored against what, the scores, and what to know about them."""
    answer = scored.answer
    scheme = f" ({answer['scheme']})" if answer["scheme"] else ""
    n_gold = answer["n_gold_documents"]
    title = scored.contender.title
    output.say(
        f"{title[0].upper()}{title[1:]}; {count(n_gold, 'gold document')} in {visible(_files(gold))}{scheme}"
    )
    for file in gold.files:
        if file.remarks:
            output.say(f"{file.path}: {', '.join(f'{n:,} {what}' for what, n in file.remarks.items())}")
    if answer["n_documents"]:
        print_figures(answer, shown)
    _warn(answer, n_gold)
    if answer["n_job_documents_without_gold"]:
        n = answer["n_job_documents_without_gold"]
        output.say(
            f"{count(n, 'document')} of the job {'has' if n == 1 else 'have'} no gold and did not count."
        )


def _say_where(answer: dict[str, Any], report: Path | None, has_errors: bool) -> None:
    """Where the figures are, and what else there is to see."""
    if kept := answer.get("evaluation"):
        output.say(f"Kept as evaluation {kept}: nerq evaluations show {kept}")
    if report:
        output.say(f"Written to {report}")
    elif answer["n_errors"] and not has_errors:
        output.say("--errors 20 shows the worst errors, --report scores.html a page with all of this.")


def _warn(answer: dict[str, Any], n_gold: int) -> None:
    missing = [visible(name) for name in answer["unmatched_gold"]]
    if missing:
        more = f" and {len(missing) - _NAMES_SHOWN} more" if len(missing) > _NAMES_SHOWN else ""
        names = ", ".join(missing[:_NAMES_SHOWN]) + more
        output.warn(f"{count(len(missing), 'gold document')} of {n_gold} not found among the job's: {names}")
        if not answer["n_documents"]:
            output.say(
                "Gold finds a document by its id, its path or its whole text; `nerq status` lists the jobs."
            )
    if not n_gold:
        output.warn("The gold holds no document.")
    unknown = answer["unknown_labels"]
    if unknown:
        output.warn(
            f"The model has no label {', '.join(map(visible, unknown))}: what gold calls so cannot be found, and counts"
            " as missed."
        )
