"""What `nerq submit` holds in memory: of ten times as many documents, and of one very long one.

    python -m benchmarks.memory                     both; the long one takes minutes
    python -m benchmarks.memory --megabytes 5       a shorter long one
    python -m benchmarks.memory --skip corpus       only the long one

Peaks are of all processes of the command at one moment: the one that reads files and those with a model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.corpus import make_corpora, make_text
from benchmarks.tree import Run, run_nerq

#: The most that ten times the corpus may take, as a multiple, and one long document, in bytes.
MAX_RATIO = 1.1
MAX_BYTES = 2 * 2**30
_TIMES = 10
_CHARACTERS_PER_WORD = 6.3


def main() -> int:
    """0 if memory stays within both limits."""
    options = _parse()
    _submit({0: "Anna Berg was here."})  # the first run on a machine converts the network, in more memory
    verdicts = []
    if "corpus" not in options.skip:
        verdicts.append(_compare_corpora(options.words))
    if "document" not in options.skip:
        verdicts.append(_read_document(options.megabytes))
    return 0 if all(verdicts) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, default=100_000, help="of the smaller corpus")
    parser.add_argument("--megabytes", type=float, default=50.0, help="of the long document; 50 are the most")
    parser.add_argument("--skip", nargs="+", choices=["corpus", "document"], default=[])
    return parser.parse_args()


def _compare_corpora(words: int) -> bool:
    peaks = []
    for times in (1, _TIMES):
        (corpus,) = make_corpora(["mixed"], words * times)
        run = _submit(dict(enumerate(corpus.texts)))
        peaks.append(run.peak)
        print(
            f"{corpus.n_words:,} words in {len(corpus.texts):,} documents: "
            f"{_mib(run.peak)} in all, {_mib(run.largest)} in the largest process, {run.seconds:.0f} s"
        )
    ratio = peaks[1] / peaks[0]
    print(f"ratio {ratio:.3f} (at most {MAX_RATIO})")
    return ratio <= MAX_RATIO


def _read_document(megabytes: float) -> bool:
    text = make_text(int(megabytes * 1e6 / _CHARACTERS_PER_WORD), seed=1)
    while len(text.encode()) > megabytes * 1e6:
        text = text[: int(len(text) * megabytes * 1e6 / len(text.encode()))]
    run = _submit({0: text})
    print(
        f"one document of {len(text.encode()) / 1e6:.1f} MB, {len(text.split()):,} words: "
        f"{_mib(run.peak)} in all, {_mib(run.largest)} in the largest process (at most {_mib(MAX_BYTES)}), "
        f"{run.seconds:.0f} s"
    )
    return run.peak <= MAX_BYTES


def _submit(texts: dict[int, str]) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        files.mkdir()
        for number, text in texts.items():
            (files / f"{number:06}.txt").write_text(text, encoding="utf-8")
        run = run_nerq(
            ["submit", str(files), "--quiet"],
            {"NERQ_DATABASE": f"sqlite:///{folder}/nerq.db", "NERQ_TIME_LIMIT_S": "86400"},
        )
    if run.status:
        sys.exit(f"nerq submit ended with {run.status}")
    return run


def _mib(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
