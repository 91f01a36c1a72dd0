"""`nerq evaluate`: score the stored entities of a job against gold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.options import InputFile, json_object
from cli.quantity import count
from cli.render import render_one
from cli.session import stored
from cli.visible import visible
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from pathlib import Path

    from training.evaluation import Evaluation
    from worker.annotations import AnnotatedFile
    from worker.store import Job

#: Names that a message lists before it says how many more there are.
_NAMES_SHOWN = 5


@click.command("evaluate")
@click.argument("job", metavar="[JOB]", default="last")
@click.option(
    "--gold",
    required=True,
    type=InputFile(),
    help="Annotated file: CoNLL or JSONL.",
)
@click.option(
    "--scheme",
    type=click.Choice(["IOB1", "IOB2", "BIOES"], case_sensitive=False),
    metavar="IOB1|IOB2|BIOES",
    help="Tagging scheme of a CoNLL file; recognised and stated if not given.",
)
@json_object
def command(job: str, gold: Path, scheme: str | None, as_json: bool) -> int:
    """Score the stored entities of a job against gold.

    \b
    Examples:
      nerq evaluate --gold examples/gold.jsonl
      nerq evaluate letters --gold dev.conll --scheme IOB1
      nerq evaluate 7 --gold dev.conll --json | jq .f1

    JOB is the last one if not given. An entity counts when its begin, end and label are all right (seqeval,
    strict). Gold finds its document by id, by path or by its text; the words of a CoNLL file are found in the
    text whatever the spaces between them. The exit code is 1 when no gold document is in the job.
    """
    from training.evaluation import evaluate_job
    from worker import store
    from worker.annotations import read_annotations

    file = read_annotations(gold, scheme)
    with stored() as database:
        found = store.find_job(database, job)
        evaluation = evaluate_job(database, found.id, file)
    if as_json:
        render_one(_answer(found, file, evaluation))
    else:
        _print(found, file, evaluation)
    return EXIT_OK if evaluation.report.n_documents else EXIT_FAILURES


def _print(job: Job, file: AnnotatedFile, evaluation: Evaluation) -> None:
    from cli.scores import print_scores

    scheme = f" ({file.scheme})" if file.scheme else ""
    n_gold, n_matched = evaluation.n_gold_documents, evaluation.report.n_documents
    gold = f"{count(n_gold, 'gold document')} in {visible(str(file.path))}{scheme}"
    output.say(f"Job {job.id}, model {job.model_name}; {gold}")
    if n_matched:
        print_scores(evaluation.report)
    missing = [visible(str(name)) for name in evaluation.unmatched_gold]
    if missing:
        more = f" and {len(missing) - _NAMES_SHOWN} more" if len(missing) > _NAMES_SHOWN else ""
        names = ", ".join(missing[:_NAMES_SHOWN]) + more
        output.warn(f"{count(len(missing), 'gold document')} of {n_gold} not found among the job's: {names}")
    if evaluation.n_job_documents_without_gold:
        n = evaluation.n_job_documents_without_gold
        output.say(
            f"{count(n, 'document')} of the job {'has' if n == 1 else 'have'} no gold and did not count."
        )


def _answer(job: Job, file: AnnotatedFile, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "job": job.id,
        "model": {"id": job.model_id, "name": job.model_name},
        "gold": str(file.path),
        "scheme": file.scheme,
        **evaluation.report.as_dict(),
        "n_gold_documents": evaluation.n_gold_documents,
        "unmatched_gold": [str(name) for name in evaluation.unmatched_gold],
        "n_job_documents_without_gold": evaluation.n_job_documents_without_gold,
    }
