"""The model card of a trained checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_card(folder: Path, facts: dict[str, Any]) -> None:
    """Write README.md: what it was trained on, how, its dev scores, its limits."""
    (folder / "README.md").write_text(render_card(facts), encoding="utf-8")


def render_card(facts: dict[str, Any]) -> str:
    """The card as Markdown, with the YAML header that model hubs read."""
    training, data, scores = facts["training"], facts["data"], facts["scores"]
    dev = scores["dev"]
    rows = "\n".join(
        f"| {label} | {100 * s['precision']:.2f} | {100 * s['recall']:.2f} | {100 * s['f1']:.2f} | {s['support']} |"
        for label, s in dev["per_label"].items()
    )
    files = "\n".join(
        f"- `{f['name']}` ({f['format']}{', ' + f['scheme'] if f['scheme'] else ''}, {f['documents']} documents, "
        f"sha-256 `{f['sha256'][:16]}…`)"
        for f in data["files"]
    )
    windows = "\n".join(f"| {n or 'one sentence'} | {100 * f1:.2f} |" for n, f1 in scores["windows"].items())
    agreement = facts["word_rule_agreement"]
    return f"""---
library_name: transformers
pipeline_tag: token-classification
tags: [nerq, token-classification, named-entity-recognition]
---

# {training["output"]}

Finds {", ".join(dev["per_label"])}. Trained by `nerq train` from `{training["base"]}`; a standard token-classification
checkpoint with nerq's reading rules beside it in `nerq.json`.
{_section(facts["notes"])}
## Scores

Strict entity F1 (seqeval, IOB2) on `{training["dev"]}` with the data's own words, epoch {scores["best_epoch"]} of
{training["epochs"]}. This set chose the epoch, so expect less on unseen text.

| | precision | recall | F1 | entities |
| --- | --- | --- | --- | --- |
| all | {100 * dev["precision"]:.2f} | {100 * dev["recall"]:.2f} | {100 * dev["f1"]:.2f} | {dev["n_gold"]} |
{rows}

## Data

{files}

{data["train"]["words"]:,} words of training, {data["train"]["entities"]:,} entities, of which
{data["train"]["misaligned"]} begin or end inside a word, so that their words were not trained on.
{_origin(data["has_text"])}

## Reading

- Words: rule `{facts["word_rule"]}`{f", which finds {100 * agreement:.2f} % of the training words exactly" if agreement else ""}.
- Windows: whole sentences up to {facts["window"]["max_words"]} words and {facts["window"]["max_pieces"]} pieces, the
  best on `{training["dev"]}` of those tried; trained on mixed lengths up to {training["max_words"]} words.

| words of a window | F1 |
| --- | --- |
{windows}

## Training

AdamW, learning rate {training["learning_rate"]} with linear warm-up over {100 * training["warmup"]:.0f} % of the steps and
linear decay, weight decay {training["weight_decay"]}, about {training["batch_pieces"]} pieces a step, {training["epochs"]}
epochs, seed {training["seed"]}; only a word's first piece is labelled. F1 after each epoch:
{", ".join(f"{100 * epoch['f1']:.2f}" for epoch in scores["epochs"])}.
"""


def _section(notes: str) -> str:
    return f"\n{notes.strip()}\n" if notes.strip() else ""


def _origin(has_text: bool) -> str:
    if has_text:
        return ""
    return "The data came as words; the text between them was put back by nerq's detokeniser."
