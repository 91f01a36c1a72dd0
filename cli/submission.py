"""One submit: a job is made, fed while it is read, worked on and summed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from cli import output, standing
from cli.follow import Follower
from cli.intake import Intake
from cli.labour import Labour, advice_on_interrupt, hired, wait_for_end
from cli.progress import make_display
from cli.quantity import KINDS_SHOWN, breakdown
from cli.summary import print_summary
from worker.errors import EXIT_OK

if TYPE_CHECKING:
    from worker.settings import Settings
    from worker.store import Database, ModelFacts, NewSource, Progress


class Submission:
    """What one `nerq submit` does with its chunks of sources."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        model: ModelFacts,
        name: str | None,
        options: Mapping[str, Any],
        intake: Intake,
    ) -> None:
        self._settings = settings
        self._database = database
        self._model = model
        self._name = name
        self._options = options
        self._intake = intake

    def run(
        self, read: Iterable[list[NewSource]], again: bool, waits: bool, quiet: bool, as_json: bool
    ) -> int:
        """Store and announce every chunk, wait if asked to, print the summary; the exit code.

        Raises:
            KeyboardInterrupt: its message says how to go on.
        """
        progress = self.submit(read, again, waits, quiet)
        if progress is None:
            return self._nothing(as_json)
        print_summary(progress, self._intake, waits, as_json)
        return standing.exit_code(progress) if waits else EXIT_OK

    def submit(
        self, read: Iterable[list[NewSource]], again: bool, waits: bool, quiet: bool
    ) -> Progress | None:
        """The same without a summary: how the job stands then. None: there was nothing to read, and no job was made.

        Raises:
            KeyboardInterrupt: its message says how to go on.
        """
        from worker import store

        read = iter(read)
        first = next(read, None)  # before there is a job: nothing at all to read makes none
        if first is None:
            return None
        job_id = store.create_job(self._database, self._name, self._model, self._options)
        again_so = "submit the same again" + (" with another --name" if self._name else "")
        with advice_on_interrupt(job_id, again_so):
            return self._work(job_id, chain([first], read), again, waits, quiet)

    def _work(
        self, job_id: int, read: Iterable[list[NewSource]], again: bool, waits: bool, quiet: bool
    ) -> Progress:
        with hired(self._settings, self._database) as labour, make_display(quiet) as display:
            follower = Follower(self._database, job_id, display)
            self._feed(job_id, read, again, labour, follower)
            return wait_for_end(labour, follower) if waits else follower.look()

    def _feed(
        self, job_id: int, read: Iterable[list[NewSource]], again: bool, labour: Labour, follower: Follower
    ) -> None:
        """Store chunk by chunk and announce each at once: work begins while the rest is still being read."""
        from worker import store

        for chunk in read:
            self._intake.note(chunk)
            self._intake.add(store.add_sources(self._database, job_id, chunk, again))
            labour.announce()
            follower.glance()
        store.close_job(self._database, job_id, self._intake.skipped)

    def _nothing(self, as_json: bool) -> int:
        from cli.render import render_one

        skipped = breakdown(self._intake.skipped, KINDS_SHOWN)
        output.warn(f"Nothing to read{f'; skipped: {skipped}' if skipped else ''}. No job was made.")
        if as_json:
            render_one({"job": None, "sources": 0, "skipped": dict(self._intake.skipped)})
        return EXIT_OK


def open_model(name_or_path: str) -> ModelFacts:
    """The facts of a model that workers compare with what they open themselves.

    Raises:
        ModelError: it cannot be opened.
    """
    from worker import store
    from worker.recognition import Checkpoint

    checkpoint = Checkpoint.open(name_or_path)
    return store.ModelFacts(
        id=checkpoint.id,
        name=checkpoint.name,
        path=str(checkpoint.folder),
        labels=checkpoint.labels.names,
        details=checkpoint.details(),
    )
