"""`nerq submit --watch-folder`: one job that takes the files of a folder as they come, until it is told to stop."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output, standing
from cli.inbox import Inbox
from cli.intake import Intake, chunks
from cli.labour import Labour, hired
from cli.quantity import count
from cli.summary import print_summary
from cli.visible import visible
from worker.errors import EXIT_OK, NotFoundError

if TYPE_CHECKING:
    from worker.documents import ReadOptions
    from worker.settings import Settings
    from worker.store import Database, ModelFacts, NewSource
    from worker.store.inboxes import SourceKey

#: A file that ends so is tried again: someone was at it.
_IN_MOTION = frozenset({"changed", "not_found"})


class Watch:
    """What `nerq submit --watch-folder` does: look, take what is quiet, let the work go on, look again."""

    def __init__(
        self, database: Database, job_id: int, folders: Sequence[str], options: ReadOptions, quiet: bool
    ) -> None:
        self._database = database
        self._job_id = job_id
        self._folders = folders
        self._options = options
        self._inbox = Inbox()
        self._says = not quiet
        self._is_away = False
        self._is_busy = False
        self.intake = Intake()

    def run(self, labour: Labour, every_s: float) -> None:
        """Goes on until it is interrupted.

        Raises:
            KeyboardInterrupt: what has been taken is stored.
            InputError: the job was cancelled.
        """
        while True:
            self._look(labour)
            looked = time.monotonic()
            while time.monotonic() < looked + every_s:
                labour.pause(max(0.0, looked + every_s - time.monotonic()))
            self._tell_when_done()

    def _look(self, labour: Labour) -> None:
        from worker import store

        self._inbox.look()
        before = self.intake.n_sources, self.intake.n_failed_sources
        seen = Intake()
        try:
            for chunk in self._fresh_chunks(seen):
                self.intake.note(chunk)
                self.intake.add(store.add_sources(self._database, self._job_id, chunk))
                labour.announce()
        except NotFoundError as error:
            self._warn_once(error)
            return
        self._is_away = False
        self._inbox.forget_the_rest()
        n_taken = self.intake.n_sources - before[0]
        if n_taken or seen.skipped != self.intake.skipped:
            self.intake.skipped, self.intake.examples = seen.skipped, seen.examples
            store.close_job(self._database, self._job_id, seen.skipped)
        if n_taken:
            self._is_busy = True
            self._tell(n_taken, self.intake.n_failed_sources - before[1])

    def _fresh_chunks(self, seen: Intake) -> Iterator[list[NewSource]]:
        """What is read now and not in the job yet. Raises NotFoundError while a folder is away."""
        from worker.documents import read_sources

        fresh = _Fresh(self._database, self._job_id)
        for chunk in chunks(read_sources(self._folders, self._options, seen.skip, wants=self._inbox.wants)):
            in_motion = {source.path for source in chunk if source.error_code in _IN_MOTION}
            for path in in_motion:
                self._inbox.put_back(path)
            if new := [source for source in chunk if source.path not in in_motion and fresh.is_new(source)]:
                yield new

    def _warn_once(self, error: NotFoundError) -> None:
        if not self._is_away:
            output.warn(f"{error}. Waiting until it is back.")
        self._is_away = True

    def _tell(self, n_taken: int, n_failed: int) -> None:
        if self._says:
            failed = f"; {count(n_failed)} could not be read" if n_failed else ""
            output.say(f"Job {self._job_id}: {count(n_taken, 'source')} taken{failed}")

    def _tell_when_done(self) -> None:
        from worker import store

        if not self._is_busy or not self._says:
            return
        progress = store.job_progress(self._database, self._job_id)
        if not standing.n_open(progress):
            self._is_busy = False
            output.say(f"{standing.title(progress)}; {count(progress.n_entities, 'entity', 'entities')}")


class _Fresh:
    """Tells sources that the job has not got, file by file: of a file that was half taken, the other half."""

    def __init__(self, database: Database, job_id: int) -> None:
        self._database = database
        self._job_id = job_id
        self._path: str | None = None
        self._taken: Counter[SourceKey] = Counter()

    def is_new(self, source: NewSource) -> bool:
        """To be asked once for each source that was read, in that order."""
        from worker.store.inboxes import SourceKey, taken_of

        if source.path != self._path:
            self._path, self._taken = source.path, taken_of(self._database, self._job_id, source.path)
        key = SourceKey.of(source)
        if not self._taken[key]:
            return True
        self._taken[key] -= 1
        return False


def watch(
    settings: Settings,
    database: Database,
    model: ModelFacts,
    paths: Sequence[str],
    name: str | None,
    options: ReadOptions,
    asked: Mapping[str, Any],
    every_s: float,
    quiet: bool,
    as_json: bool,
) -> int:
    """Watch the folders until told to stop, then sum up; the exit code."""
    from worker import store

    folders = [str(Path(path).absolute()) for path in paths]
    asked = json.loads(
        json.dumps({**asked, "paths": folders, "watch_folder": True})
    )  # as the database gives it back
    job_id = _job(database, name, model, asked)
    watching = Watch(database, job_id, folders, options, quiet)
    output.say(f"Job {job_id} watches {', '.join(folders)}; Ctrl-C ends it, and the same command goes on.")
    try:
        with hired(settings, database) as labour:
            labour.announce()
            watching.run(labour, every_s)
    except KeyboardInterrupt:
        output.say("Told to stop.")
    print_summary(store.job_progress(database, job_id), watching.intake, False, as_json)
    return EXIT_OK


def _job(database: Database, name: str | None, model: ModelFacts, options: Mapping[str, Any]) -> int:
    """The job of an earlier run of the same command, or a new one. Raises InputError: another job has the name."""
    from worker import store
    from worker.store.inboxes import find_open_inbox

    found = find_open_inbox(database, name, model.id, options)
    return store.create_job(database, name, model, options) if found is None else found


def refuse_misfits(paths: Sequence[str], again: bool, dry_run: bool, wait: bool | None) -> None:
    """Raises click.UsageError for what does not go with watching, NotFoundError for what is not there to be watched."""
    for option, is_given in (("--again", again), ("--dry-run", dry_run), ("--wait", wait is not None)):
        if is_given:
            raise click.UsageError(
                f"{option} does not go with --watch-folder, which goes on until it is stopped."
            )
    for path in map(Path, paths):
        if not os.path.exists(path) and path != Path("-"):  # noqa: PTH110 - says so of a name that is too long, too
            raise NotFoundError(f"{visible(str(path))}: no such file or folder")
        if not path.is_dir():
            raise click.UsageError(f"--watch-folder needs folders; {path} is none.")
