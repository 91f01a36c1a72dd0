"""An evaluation with every part, and texts that would break a page that trusts them."""

from __future__ import annotations

from typing import Any

#: What a document may hold: markup, quotes, controls, reordering, combining marks, no spaces.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(2)'>",
    "</style></svg><b onclick=alert(3)>",
    "{{ 7 * 7 }}{% raw %}&amp;&lt;",
    "\u202eevil\u2066 \x1b[31mred\x00\u200b",
    "javascript:alert(4) http://example.com/x.js",
    "lone \ud800 surrogate, Zażółć, 日本放送協会, مكتبة الإسكندرية",
    "Llanfairpwllgwyngyll" * 8,
)
_LABELS = ("PER", "ORG", "LOC", "MISC")
_F1 = {"PER": 0.9571, "ORG": 0.8893, "LOC": 0.9306, "MISC": 0.7982}
_SUPPORT = {"PER": 1617, "ORG": 1661, "LOC": 1668, "MISC": 702}


def evaluation(n_errors: int = 100) -> dict[str, Any]:
    """A complete one; a test takes away or replaces what it is about."""
    strict = {
        "precision": 0.9083,
        "recall": 0.9171,
        "f1": 0.91268,
        "n_gold": 5648,
        "n_predicted": 5703,
        "n_correct": 5180,
        "n_documents": 231,
        "per_label": {
            label: {
                "precision": f1 - 0.0062,
                "recall": f1 + 0.0063,
                "f1": f1,
                "support": _SUPPORT[label],
                "n_predicted": _SUPPORT[label] + 14,
            }
            for label, f1 in _F1.items()
        },
    }
    return {
        "schema_version": 1,
        "nerq_version": "0.2.0",
        "created_at": "2026-11-24T08:00:00.000Z",
        "model": {"id": "1f9c0d6be2a8", "name": "general"},
        "job": 7,
        "gold": [{"name": "dev.conll", "sha256": "ab" * 32}],
        "scheme": "IOB1",
        "n_gold_documents": 234,
        "unmatched_gold": [
            "letters/0042.txt (the text differs)",
            "document 17 (no document has this text)",
            "<i>x</i> (its extraction is failed)",
        ],
        "settings": {
            "window": {"max_words": 60, "max_pieces": 128},
            "decoding": "constrained",
            "raw": False,
            "min_score": None,
        },
        "strict": strict,
        "conlleval": {**strict, "f1": 0.91311},
        "matching": _matching(),
        "confusion": {
            "labels": sorted(_LABELS),
            "rows": {
                "LOC": {"LOC": 1572, "MISC": 12, "ORG": 42, "PER": 8, "missed": 34},
                "MISC": {"LOC": 14, "MISC": 588, "ORG": 31, "PER": 5, "missed": 64},
                "ORG": {"LOC": 61, "MISC": 27, "ORG": 1504, "PER": 14, "missed": 55},
                "PER": {"LOC": 6, "ORG": 13, "PER": 1571, "missed": 27},
            },
            "spurious": {"LOC": 40, "MISC": 81, "ORG": 63, "PER": 34},
        },
        "interval": {
            "level": 0.95,
            "resamples": 1000,
            "unit": "document",
            "n_units": 231,
            "precision": [0.8987, 0.9182],
            "recall": [0.9079, 0.9262],
            "f1": [0.9035, 0.9217],
            "per_label": {
                label: {"f1": [f1 - 9 / _SUPPORT[label] ** 0.95, f1 + 8 / _SUPPORT[label] ** 0.95]}
                for label, f1 in _F1.items()
            },
        },
        "reliability": _reliability(),
        "threshold": _threshold(),
        "windows": {"0": 0.8931, "60": 0.91268, "100": 0.9119, "200": 0.9084},
        "comparison": {
            "against": {"job": None, "model": {"id": "77aa", "name": "general-small"}, "settings": {}},
            "n_documents": 231,
            "f1": 0.91268,
            "f1_against": 0.90038,
            "difference": 0.0123,
            "interval": [0.0041, 0.0207],
            "level": 0.95,
            "p_value": 0.004,
            "both": 5012,
            "only_this": 168,
            "only_against": 97,
            "neither": 371,
        },
        "errors": [_error(number) for number in range(n_errors)],
        "n_errors": 612,
        "n_errors_by_kind": {
            "spurious": 218,
            "missed": 180,
            "label": 121,
            "boundary": 71,
            "label and boundary": 22,
        },
    }


def _matching() -> dict[str, Any]:
    counts = {
        "strict": (0.91268, 5180, 288, 0, 180, 235),
        "exact": (0.9351, 5307, 161, 0, 180, 235),
        "partial": (0.9492, 5307, 0, 161, 180, 235),
        "type": (0.9297, 5276, 192, 0, 180, 235),
    }
    return {
        name: {
            "precision": f1 - 0.004,
            "recall": f1 + 0.005,
            "f1": f1,
            "correct": correct,
            "incorrect": incorrect,
            "partial": partial,
            "missed": missed,
            "spurious": spurious,
            "possible": 5648,
            "actual": 5703,
        }
        for name, (f1, correct, incorrect, partial, missed, spurious) in counts.items()
    }


def _reliability() -> dict[str, Any]:
    counts = (0, 0, 4, 31, 78, 121, 133, 188, 391, 4757)
    bins = []
    for i, n in enumerate(counts):
        mean, share = (i + 0.52) / 10, max(0.0, (i + 0.52) / 10 - 0.09 + 0.013 * (i % 3))
        values = (mean, share) if n else (None, None)
        bins.append(
            {"low": i / 10, "high": (i + 1) / 10, "n": n, "mean_score": values[0], "share_right": values[1]}
        )
    return {"bins": bins, "expected_calibration_error": 0.0364, "n": 5703}


def _threshold() -> dict[str, Any]:
    curve = []
    for i in range(100):
        at = i / 100
        precision = 0.9083 + 0.082 * at**2.2
        recall = 0.9171 - 0.03 * at**2 - 0.42 * at**14
        f1 = 2 * precision * recall / (precision + recall)
        curve.append(
            {
                "threshold": at,
                "precision": precision,
                "recall": recall,
                "f1": f1,
                "n_predicted": round(5703 * recall),
            }
        )
    return {"best": max(curve, key=lambda point: point["f1"]), "at_zero": curve[0], "curve": curve}


def _error(number: int) -> dict[str, Any]:
    kind = ("spurious", "label", "boundary", "missed", "label and boundary")[number % 5]
    label, other = _LABELS[number % 4], _LABELS[(number + 1) % 4]
    if number < len(HOSTILE) * 5:
        name, tail = HOSTILE[number // 5], " & Sons"
    else:
        name, tail = ("Bank of England", " Museum") if number % 2 else ("São Paulo", " Futebol Clube")
    start = 120 + number
    gold = {"start": start, "end": start + len(name), "label": label, "text": name}
    predicted = {**gold, "score": 0.999 - number / 150}
    if "label" in kind:
        predicted["label"] = other
    if "boundary" in kind:
        predicted.update(end=start + len(name + tail), text=name + tail)
    return {
        "kind": kind,
        "document": f"letters/{number:04}.txt" if number else HOSTILE[0],
        "gold": None if kind == "spurious" else gold,
        "predicted": None if kind == "missed" else predicted,
        "before": "s said on Tuesday.\nThe spokesman of ",
        "after": " declined to comment, and left the room a",
    }
