"""The study of what helps a token classifier: one factor at a time from one base recipe, over several seeds.

    python -m benchmarks.study --train train.conll --dev dev.conll --base ENCODER --output FOLDER
    python -m benchmarks.study ... --jobs 2 --threads 1          two trainings at a time, one thread each
    python -m benchmarks.study ... --teacher MODEL --unlabelled texts/
    python -m benchmarks.study --output FOLDER                   the table of what is there

Each training writes `VARIANT-SEED.json` into the output folder; one that is there is not made again, so that an
interrupted study goes on. All scores are strict F1 of the stored weights on dev in fp32, in windows of 1 sentence, 60
and more words. F1 does not depend on the machine beyond the noise of its arithmetic; nothing is timed here.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.data import label_words
from training.dev import DevSet
from training.options import TrainOptions
from training.train import train
from worker.annotations import read_annotations
from worker.recognition import Checkpoint
from worker.recognition.engines import open_engine
from worker.recognition.windows import WindowPolicy

#: Words of the windows that each model is read in; 0: one sentence. `nerq train` has tried some of them already.
WINDOWS = (0, 60, 100, 160, 200, 320)
#: Those that a second decoding of the same weights is compared in.
FEW_WINDOWS = (0, 100, 200, 320)
#: Pieces of the longest window, room for 320 words of news.
MAX_PIECES = 500
_CONSTRAINED = {"decoding": "constrained"}
_LONG = {"max_words": 320, "max_pieces": MAX_PIECES}


@dataclass(frozen=True, slots=True)
class Variant:
    """One factor changed."""

    name: str
    changes: dict[str, Any] = field(default_factory=dict)  #: of the base recipe's `TrainOptions`
    decodings: tuple[str, ...] = ("argmax",)  #: ways to read the trained weights


VARIANTS = (
    Variant("base", decodings=("argmax", "constrained")),
    Variant("sentence", {"context": "sentence"}, ("argmax", "constrained")),
    Variant("document", {"context": "document"}),
    Variant("balanced", {"class_weights": "balanced"}),
    Variant("weights", {"class_weights": "O=0.5"}),
    Variant("crf", {"decoding": "crf"}, ("crf", "argmax")),
    Variant("mixed-320", _LONG),
    Variant("sentences-third", {"sentence_share": 0.33} | _CONSTRAINED, ("constrained", "argmax")),
    Variant(
        "sentences-third-320", {"sentence_share": 0.33} | _CONSTRAINED | _LONG, ("constrained", "argmax")
    ),
    Variant("sentences-fifth-320", {"sentence_share": 0.2} | _CONSTRAINED | _LONG, ("constrained", "argmax")),
    Variant(
        "sentences-quarter-320", {"sentence_share": 0.25} | _CONSTRAINED | _LONG, ("constrained", "argmax")
    ),
    Variant("teacher"),
    Variant("teacher-unlabelled"),
)


def main() -> None:
    """Train what is missing, then print the table."""
    arguments = _parse()
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.train:
        # Seed by seed, so that an unfinished study has whole rows.
        runs = [(v, seed) for seed in arguments.seeds for v in _chosen(arguments)]
        missing = [run for run in runs if not _result_file(arguments.output, *run).exists()]
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
            for done in as_completed([pool.submit(_run, arguments, *run) for run in missing]):
                print(done.result(), file=sys.stderr, flush=True)
    rows = summarise(json.loads(path.read_text()) for path in sorted(arguments.output.glob("*-*.json")))
    print(json.dumps(rows, indent=1) if arguments.json else table(rows))


def summarise(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each variant and decoding: mean and sample deviation of F1 in each window, over the seeds.

    `difference` is the mean of the differences from the base recipe's argmax with the same seed, each model in its
    best window of those that the row has; `spread` is that between the best and the worst window, of the seeds' mean.
    """
    of_row: dict[tuple[str, str], dict[int, dict[int, float]]] = defaultdict(dict)
    for result in results:
        for decoding, scores in result["f1"].items():
            of_row[result["variant"], decoding][result["seed"]] = {int(w): f1 for w, f1 in scores.items()}
    base = of_row.get(("base", "argmax"), {})
    order = [variant.name for variant in VARIANTS]
    rows = []
    for (name, decoding), by_seed in sorted(of_row.items(), key=lambda item: order.index(item[0][0])):
        windows = sorted(set.intersection(*(set(scores) for scores in by_seed.values())))
        means = {w: float(np.mean([scores[w] for scores in by_seed.values()])) for w in windows}
        best = [max(scores.values()) for scores in by_seed.values()]
        gains = [
            max(scores.values()) - max(base[seed][w] for w in scores)
            for seed, scores in by_seed.items()
            if seed in base
        ]
        rows.append(
            {
                "variant": name,
                "decoding": decoding,
                "seeds": sorted(by_seed),
                "windows": means,
                "spread": max(means.values()) - min(means.values()),
                "best": float(np.mean(best)),
                "deviation": float(np.std(best, ddof=1)) if len(best) > 1 else None,
                "difference": float(np.mean(gains)) if gains else None,
            }
        )
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    windows = sorted({window for row in rows for window in row["windows"]})
    names = ["1 sentence" if window == 0 else f"{window}" for window in windows]
    head = ["variant", "decoding", "seeds", *names, "spread", "best window", "against base"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        scores = [f"{row['windows'][w]:.2f}" if w in row["windows"] else "" for w in windows]
        deviation = "" if row["deviation"] is None else f" ± {row['deviation']:.2f}"
        gain = "" if row["difference"] is None else f"{row['difference']:+.2f}"
        lines.append(
            [
                *(row["variant"], row["decoding"], str(len(row["seeds"])), *scores),
                *(f"{row['spread']:.2f}", f"{row['best']:.2f}{deviation}", gain),
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=Path, action="append", help="annotated file; without: only the table")
    parser.add_argument("--dev", type=Path, help="annotated file")
    parser.add_argument("--base", help="encoder: a folder, a hub id or a bundled model")
    parser.add_argument("--output", type=Path, required=True, help="folder of the results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, help="as in nerq train")
    parser.add_argument("--teacher", help="a checkpoint; adds the variants with a teacher")
    parser.add_argument("--unlabelled", type=Path, action="append", default=[], help="texts for the teacher")
    parser.add_argument("--teacher-rows", type=Path, help="as in nerq train; `-unlabelled` is added to it")
    parser.add_argument("--only", nargs="+", choices=[variant.name for variant in VARIANTS])
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    parser.add_argument("--threads", type=int, help="of each training")
    parser.add_argument("--keep", action="store_true", help="keep the checkpoints too")
    parser.add_argument("--json", action="store_true", help="JSON in place of Markdown")
    arguments = parser.parse_args()
    if arguments.train and not (arguments.dev and arguments.base):
        parser.error("--train needs --dev and --base")
    return arguments


def _chosen(arguments: argparse.Namespace) -> list[Variant]:
    possible = [v for v in VARIANTS if arguments.teacher or not v.name.startswith("teacher")]
    possible = [v for v in possible if arguments.unlabelled or v.name != "teacher-unlabelled"]
    return [v for v in possible if not arguments.only or v.name in arguments.only]


def _result_file(folder: Path, variant: Variant, seed: int) -> Path:
    return folder / f"{variant.name}-{seed}.json"


def _run(arguments: argparse.Namespace, variant: Variant, seed: int) -> str:
    options = _options(arguments, variant, seed)
    trained = train(options)
    known = {words: 100 * f1 for words, f1 in trained.facts["scores"]["windows"].items()}
    f1 = _sweep(options.output, arguments.dev, variant.decodings, known)
    result = {
        "variant": variant.name,
        "seed": seed,
        "f1": f1,
        "epochs": [100 * score["f1"] for score in trained.history],
        **{key: trained.facts[key] for key in ("training", "machine", "data")},
    }
    if not arguments.keep:
        shutil.rmtree(options.output)
    part = _result_file(arguments.output, variant, seed).with_suffix(".part")
    part.write_text(json.dumps(result, indent=1))
    part.replace(part.with_suffix(".json"))
    shown = {decoding: max(scores.values()) for decoding, scores in f1.items()}
    return f"{options.output.name}: {', '.join(f'{name} {f1:.2f}' for name, f1 in shown.items())}"


def _options(arguments: argparse.Namespace, variant: Variant, seed: int) -> TrainOptions:
    options = TrainOptions(
        train=tuple(arguments.train),
        dev=arguments.dev,
        base=arguments.base,
        output=arguments.output / f"{variant.name}-{seed}",
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        seed=seed,
        threads=arguments.threads,
        decoding="argmax",
        max_words=200,
        max_pieces=384,
        sentence_share=0.05,
        overwrite=True,
    )
    options = replace(options, **variant.changes)
    if variant.name.startswith("teacher"):
        options = replace(options, teacher=arguments.teacher, teacher_rows=arguments.teacher_rows)
    if variant.name == "teacher-unlabelled":
        rows = arguments.teacher_rows
        rows = rows and rows.with_stem(f"{rows.stem}-unlabelled")
        options = replace(options, unlabelled=tuple(arguments.unlabelled), teacher_rows=rows)
    return options


def _sweep(
    folder: Path, dev: Path, decodings: Sequence[str], known: dict[int, float]
) -> dict[str, dict[int, float]]:
    """F1 in per cent by decoding and words of a window; `known` are some of the first decoding."""
    checkpoint = Checkpoint.open(str(folder))
    documents = [
        label_words(document, checkpoint.word_rule, checkpoint.labels.names)
        for document in read_annotations(dev).documents
    ]
    dev_set = DevSet(checkpoint.pieces, documents)
    engine = open_engine(checkpoint, precision="fp32", threads=torch.get_num_threads())

    def score(decoding: str, words: int) -> float:
        policy = WindowPolicy(words, MAX_PIECES)
        return 100 * dev_set.score(replace(checkpoint, decoding=decoding), engine, policy).f1

    own, *others = decodings
    f1 = {own: known | {words: score(own, words) for words in WINDOWS if words not in known}}
    return f1 | {other: {words: score(other, words) for words in FEW_WINDOWS} for other in others}


if __name__ == "__main__":
    main()
