"""How fast entities are found in texts: nerq beside what else runs the same model, each in a process of its own.

    python -m benchmarks.speed                      three kinds of generated documents
    python -m benchmarks.speed FOLDER               the documents of a folder
    python -m benchmarks.speed --gold dev.jsonl     with the F1 of each row on annotated texts

The rows read in turns, every round in another order; all figures are medians over the rounds. Nothing of a text is
remembered from the round before. The table goes to standard output, and as JSON and SVG into --output.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.corpus import KINDS, SEED, Corpus, make_corpora, read_folder
from benchmarks.figures import Account, Sample, agreement, rates, ratio, share_of_roof
from benchmarks.processes import LostError, Process, forget_peak, peak_bytes
from benchmarks.results import print_table, write_results
from benchmarks.roof import Cost, Roof
from benchmarks.rows import REFERENCE, ROWS, Row, choose_rows
from benchmarks.stages import StageTable, measure_stages
from training.scoring import ScoredDocument, score_spans
from worker.annotations import AnnotatedDocument, Span, read_annotations
from worker.recognition import Checkpoint
from worker.recognition.reading import Reading
from worker.version import nerq_version

PIPELINE = "pipeline-fp32"
#: Words of the texts on which batch sizes are tried.
_TUNING_WORDS = 8_000


class Bench:
    """A contender in its process, with the texts that it is to read."""

    def __init__(
        self, row: Row, model: str, threads: int, folder: Path, texts: Sequence[Sequence[str]]
    ) -> None:
        self._contender: Contender = row.open(Checkpoint.open(model), threads, folder)
        self._texts = texts

    def tune(self, number: int) -> str:
        """Choose for a corpus."""
        texts: list[str] = []
        n_words = 0
        for text in self._texts[number]:
            if texts and n_words > _TUNING_WORDS:
                break
            texts.append(text)
            n_words += len(text.split())
        return self._contender.tune(texts)

    def read(self, number: int) -> list[list[Span]]:
        """The spans of a corpus; it warms up too."""
        return self._contender.read(self._texts[number])

    def time(self, number: int) -> Sample:
        """Read a corpus once more, against the clock."""
        import time

        work = self._contender.work
        work.n_pieces, work.seconds = 0, 0.0
        started = time.perf_counter()
        self._contender.read(self._texts[number])
        return Sample(time.perf_counter() - started, work.seconds, work.n_pieces)

    def forget_peak(self) -> None:
        """What it took to open or to choose is not what reading takes."""
        forget_peak()

    def peak(self) -> int:
        """The most bytes of memory since then."""
        return peak_bytes()


@dataclass(slots=True)
class _Running:
    """An opened row and what came of it."""

    row: Row
    process: Process
    choices: dict[str, str] = field(default_factory=dict)  #: by corpus
    spans: dict[str, list[list[Span]]] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)


def main() -> int:
    """Print the tables and write the files."""
    options = _parse()
    checkpoint = Checkpoint.open(options.model)
    corpora = [read_folder(options.folder)] if options.folder else make_corpora(options.kinds, options.words)
    if not all(corpus.n_words for corpus in corpora):
        sys.exit(f"{options.folder} holds no document with words.")
    gold = read_annotations(options.gold).documents if options.gold else []
    texts = [list(corpus.texts) for corpus in corpora] + [[document.text for document in gold]]
    report: dict[str, Any] = {"machine": _machine(options.threads), "command": " ".join(sys.argv[1:])}
    with tempfile.TemporaryDirectory() as folder:
        running = _open(choose_rows(options.rows), options, Path(folder), texts)
        report["f1"] = {one.row.key: _f1(one, len(corpora), gold) for one in running} if gold else {}
        roof = Process(Roof, checkpoint, options.threads, threads=options.threads)
        report["corpora"] = [
            _measure(running, roof, number, corpus, checkpoint, options.rounds)
            for number, corpus in enumerate(corpora)
        ]
        for process in (roof, *(one.process for one in running)):
            process.end()
    report["stages"] = [asdict(table) for table in _stages(corpora, options)]
    print_table(report)
    write_results(report, options.output)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="documents to read instead of generated ones")
    parser.add_argument("--model", default="general", help="bundled name, folder or hub id")
    parser.add_argument("--gold", type=Path, help="annotated texts, for the F1 of each row")
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="of generated documents"
    )
    parser.add_argument("--words", type=int, default=40_000, help="of each kind, about")
    parser.add_argument("--rounds", type=int, default=5, help="in which each row reads everything once")
    parser.add_argument(
        "--rows",
        nargs="+",
        choices=[row.key for row in ROWS],
        metavar="ROW",
        help="only these, and the reference; else all that are installed: %(choices)s",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of each row")
    parser.add_argument("--output", type=Path, default=Path("build/speed"), help="without suffix")
    return parser.parse_args()


def _machine(threads: int) -> dict[str, Any]:
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        "nerq": nerq_version(),
        "seed": SEED,
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = " ".join(line for line in lines[:40] if line.startswith("flags"))
    units = [name for name in ("avx512_bf16", "amx_bf16", "avx512_vnni", "avx2") if name in flags]
    return f"{names[0] if names else platform.processor()} ({', '.join(units)})"


def _open(
    rows: Sequence[Row], options: argparse.Namespace, folder: Path, texts: Sequence[Sequence[str]]
) -> list[_Running]:
    """Those that can be opened; of the others the reason is told."""
    running = []
    for row in rows:
        if row.kind in ("openvino", "onnx"):  # the first one to open it converts the network, in more memory
            first = Process(Bench, row, options.model, options.threads, folder, [], threads=options.threads)
            with suppress(LostError):
                first.call("peak")
            first.end()
        process = Process(Bench, row, options.model, options.threads, folder, texts, threads=options.threads)
        try:
            process.call("peak")
        except LostError as error:
            _say(f"left out: {row.name}: {str(error).strip().splitlines()[-1]}")
            process.end()
        else:
            running.append(_Running(row, process))
    return running


def _measure(
    running: Sequence[_Running],
    roof: Process,
    number: int,
    corpus: Corpus,
    checkpoint: Checkpoint,
    rounds: int,
) -> dict[str, Any]:
    account, words = _account(corpus, checkpoint)
    for one in running:
        one.choices[corpus.name] = one.process.call("tune", number)
        one.process.call("forget_peak")
        one.spans[corpus.name] = one.process.call("read", number)
        one.samples[corpus.name] = []
    roofs: list[dict[str, float]] = []
    for turn in range(rounds):
        _say(f"{corpus.name}: round {turn + 1} of {rounds}")
        roofs.append(roof.call("measure"))
        for one in running if turn % 2 == 0 else list(reversed(running)):
            one.samples[corpus.name].append(one.process.call("time", number))
    for one in running:
        one.peaks[corpus.name] = one.process.call("peak")
    return {
        "name": corpus.name,
        **asdict(account),
        "roofs": roofs,
        "rows": [_figures(one, running, corpus.name, account, roofs, words) for one in running],
    }


def _account(corpus: Corpus, checkpoint: Checkpoint) -> tuple[Account, list[list[tuple[int, int]]]]:
    readings = [Reading.of_text(text, checkpoint) for text in corpus.texts]
    lengths = [
        n for r in readings for n in (r.pieces.starts[r.windows[:, 1]] - r.pieces.starts[r.windows[:, 0]])
    ]
    n_pieces = sum(len(reading.pieces.ids) for reading in readings)
    n_words = sum(len(reading.words) for reading in readings)
    operations = Cost.of(checkpoint).operations(n_pieces, [int(n) for n in lengths])
    account = Account(len(corpus.texts), n_words, n_pieces, operations)
    return account, [[(int(a), int(b)) for a, b in reading.words] for reading in readings]


def _figures(
    one: _Running,
    running: Sequence[_Running],
    name: str,
    account: Account,
    roofs: Sequence[Mapping[str, float]],
    words: Sequence[Sequence[tuple[int, int]]],
) -> dict[str, Any]:
    samples = one.samples[name]
    by_key = {other.row.key: other for other in running}
    figures: dict[str, Any] = {
        "key": one.row.key,
        "name": one.row.name,
        "choice": one.choices[name],
        **rates(samples, account),
        "all_seconds": [sample.seconds for sample in samples],
        "peak_bytes": one.peaks[name],
    }
    if PIPELINE in by_key:
        figures["times_pipeline"] = ratio(by_key[PIPELINE].samples[name], samples)
    if one.row.is_same_model:
        figures["computed_per_real"] = samples[0].n_computed / account.n_pieces
    if one.row.is_same_model and REFERENCE in by_key:
        figures["agreement"] = asdict(agreement(by_key[REFERENCE].spans[name], one.spans[name], words))
    if one.row.is_same_model and one.row.precision in roofs[0]:
        figures["of_roof"] = share_of_roof(samples, account, [roof[one.row.precision] for roof in roofs])
    return figures


def _f1(one: _Running, number: int, gold: Sequence[AnnotatedDocument]) -> float | None:
    if not one.row.is_same_model:
        return None  # its labels are others
    found = one.process.call("read", number)
    pairs = zip(gold, found, strict=True)
    return score_spans(ScoredDocument(d.text, d.spans, spans) for d, spans in pairs).f1


def _stages(corpora: Sequence[Corpus], options: argparse.Namespace) -> list[StageTable]:
    tables = []
    for corpus in corpora:
        process = Process(StageBench, options.model, options.threads, threads=options.threads)
        tables.append(process.call("measure", corpus, options.rounds))
        process.end()
    return tables


class StageBench:
    """Measures stages in a process of its own."""

    def __init__(self, model: str, threads: int) -> None:
        self._model, self._threads = model, threads

    def measure(self, corpus: Corpus, rounds: int) -> StageTable:
        """The stages of a corpus."""
        return measure_stages(corpus, self._model, self._threads, rounds)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
