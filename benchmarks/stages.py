"""Where the time goes from files to SQL: the stages of nerq's own code, timed while it reads a folder into SQLite."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final
from unittest.mock import patch

from benchmarks.contenders import forget_words
from benchmarks.corpus import Corpus
from worker import store
from worker.documents import ReadOptions, read_sources
from worker.queue.batching import make_batches
from worker.queue.extract import extract_batch
from worker.queue.model_cache import ModelCache
from worker.queue.slots import Slot
from worker.recognition import Checkpoint, Recognizer, reading, recognizer
from worker.recognition.alignment import WordRows
from worker.recognition.engines import open_engine
from worker.recognition.packing import Packer
from worker.recognition.pieces import WordPieces
from worker.settings import Settings
from worker.store import Database

#: What each stage is, in the order of the table: the functions that it is made of, each named where it is called.
STAGES: Final[Mapping[str, tuple[tuple[Any, str], ...]]] = {
    "words": ((reading, "split_words"), (reading, "split_sentences")),
    "tokenise": ((WordPieces, "cut"),),
    "windows": ((reading, "cut_windows"), (recognizer, "join_readings"), (Packer, "packs")),
    "decode": ((WordRows, "add"), (recognizer, "decode"), (Recognizer, "_join")),
}
#: What is measured around these.
READ, ENGINE, STORE, REST = "read", "engine", "store", "rest"
ORDER: Final = (READ, "words", "tokenise", "windows", ENGINE, "decode", STORE, REST)

#: Extractions announced at a time.
_ANNOUNCED: Final = 4096


@dataclass(frozen=True, slots=True)
class StageTable:
    """Seconds of each stage: the medians over the rounds, and what is left of the median total."""

    corpus: str
    engine: str
    seconds: dict[str, float]
    total: float


class Stopwatch:
    """Adds up the seconds of stages. A stage that runs inside another is taken off that one."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._open: list[list[Any]] = []  #: stage, seconds of the stages inside

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Time a block."""
        started = self._clock()
        self._open.append([stage, 0.0])
        try:
            yield
        finally:
            taken = self._clock() - started
            _, inside = self._open.pop()
            self.seconds[stage] = self.seconds.get(stage, 0.0) + taken - inside
            if self._open:
                self._open[-1][1] += taken

    def timing(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed; of a generator every step."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.timed(stage):
                answer = function(*args, **kwargs)
            return self._steps(stage, answer) if isinstance(answer, Iterator) else answer

        return timed

    def _steps(self, stage: str, steps: Iterator[Any]) -> Iterator[Any]:
        while True:
            with self.timed(stage):
                try:
                    step = next(steps)
                except StopIteration:
                    return
            yield step


def measure_stages(corpus: Corpus, model: str, threads: int, rounds: int) -> StageTable:
    """Read the corpus from files into a new SQLite database, as often as there are rounds."""
    checkpoint = Checkpoint.open(model)
    engine = open_engine(checkpoint, "auto", "auto", threads, "cpu")
    totals, stages = [], []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        files.mkdir()
        for i, text in enumerate(corpus.texts):
            (files / f"{i:06}.txt").write_text(text, encoding="utf-8")
        for turn in range(rounds + 1):
            forget_words(checkpoint)
            watch = Stopwatch()
            settings = Settings(database=f"sqlite:///{folder}/{turn}.db")
            with closing(store.open_database(settings.database_url)) as db, _watching(watch, engine):
                started = time.perf_counter()
                _read(files, db, settings, Recognizer(checkpoint, engine), watch)
                taken = time.perf_counter() - started
            if turn:  # the first one warms up
                totals.append(taken)
                stages.append(watch.seconds)
    total = median(totals)
    seconds = {name: median(one.get(name, 0.0) for one in stages) for name in ORDER if name != REST}
    seconds[REST] = total - sum(seconds.values())
    return StageTable(corpus.name, f"{engine.name} {engine.precision}", seconds, total)


@contextmanager
def _watching(watch: Stopwatch, engine: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                stack.enter_context(patch.object(owner, name, watch.timing(stage, getattr(owner, name))))
        stack.enter_context(patch.object(engine, "predict", watch.timing(ENGINE, engine.predict)))
        yield


def _read(folder: Path, db: Database, settings: Settings, recognizer: Recognizer, watch: Stopwatch) -> None:
    """What `nerq submit` and a model process do, one after the other in this process."""
    checkpoint = recognizer.checkpoint
    facts = store.ModelFacts(
        checkpoint.id, checkpoint.name, str(checkpoint.folder), checkpoint.labels.names, checkpoint.details()
    )
    models = ModelCache(settings, Slot(None, 1), lambda *_: recognizer)
    with watch.timed(READ):
        sources = [
            store.NewSource(
                path=source.path, document=store.NewDocument(source.document.sha256, source.document.text)
            )
            for source in read_sources([folder], ReadOptions())
            if source.document is not None
        ]
    with watch.timed(STORE):
        job = store.create_job(db, None, facts, {})
        store.add_sources(db, job, sources)
        store.close_job(db, job, {})
        while announced := store.announce(db, _ANNOUNCED):
            for batch in make_batches(announced, settings.batch_chars, settings.batch_documents):
                # Of it what is no stage of its own is the store's.
                extract_batch(db, batch.extractions, models, settings, "bench:1:1")
