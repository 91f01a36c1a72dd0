"""A job -> copies of its documents with their names replaced, and the account of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from worker.export.selection import Tally, Wanted, read_documents
from worker.redaction.account import Account
from worker.redaction.copies import Redactor, Replaced, write_copies
from worker.redaction.name_map import NameMap
from worker.redaction.occurrences import KnownNames
from worker.redaction.signs import Style, make_sign
from worker.store import Database, Job
from worker.store.paths import common_folder


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is to be replaced, and by what."""

    wanted: Wanted
    style: Style
    names: NameMap
    map_path: Path | None  #: where `names` are to be kept
    account_path: Path | None  #: where it is to be said what was replaced
    is_everywhere: bool  #: also where the model did not find a name that it found elsewhere in the job
    tally: Tally = field(default_factory=Tally)
    replaced: Replaced = field(default_factory=Replaced)

    def write(
        self, db: Database, job: Job, folder: Path, on_document: Callable[[], None] = lambda: None
    ) -> None:
        """Write the folder, and the map before it takes its place: without the key, hashes are not to be had again.

        `on_document` is called for each source, twice where names are replaced everywhere.

        Raises:
            InputError: folder, map or account cannot be written.
        """
        known = self._known_names(db, job, on_document) if self.is_everywhere else None
        redactor = Redactor(make_sign(self.style, self.names), known, self.replaced)
        reading = read_documents(db, job, self.wanted, self.tally, lambda _n: on_document())
        with Account.opened(self.account_path) as account, closing(reading) as documents:
            common = common_folder(db, job.id)
            write_copies(documents, redactor, self.tally, account, folder, common, self._keep_names)

    def _known_names(self, db: Database, job: Job, on_document: Callable[[], None]) -> KnownNames:
        known = KnownNames()
        for document in read_documents(db, job, self.wanted, Tally(), lambda _n: on_document()):
            for entity in document.entities:
                known.add(entity)
        return known

    def _keep_names(self) -> None:
        if self.map_path:
            self.names.write(self.map_path)
