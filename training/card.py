"""The model card of a trained checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CONTEXTS = {
    "mixed": "trained on mixed lengths up to {max_words} words",
    "document": "trained on windows of {max_words} words",
    "sentence": "trained on single sentences",
}
_DECODINGS = {
    "argmax": "the likeliest label of each word, on its own",
    "constrained": "the likeliest sequence of labels that the tagging scheme allows (Viterbi)",
    "crf": "the likeliest sequence by a linear-chain CRF, which was trained with the network (Viterbi)",
}


def write_card(folder: Path, facts: dict[str, Any]) -> None:
    """Write README.md: what it was trained on, how, its dev scores, its limits."""
    # The names of files need not be UTF-8.
    (folder / "README.md").write_text(render_card(facts), encoding="utf-8", errors="backslashreplace")


def render_card(facts: dict[str, Any]) -> str:
    """The card as Markdown, with the YAML header that model hubs read."""
    training, data, scores = facts["training"], facts["data"], facts["scores"]
    dev = scores["dev"]
    agreement = facts["word_rule_agreement"]
    how_well = f", which finds {100 * agreement:.2f} % of the training words exactly" if agreement else ""
    context = training["context"] if training["max_words"] else "sentence"
    trained_on = _CONTEXTS[context].format_map(training)
    longest = facts["window"]["max_words"]
    reach = f"whole sentences up to {longest} words" if longest else "single sentences"
    windows = [(n or "one sentence", _percent(f1)) for n, f1 in scores["windows"].items()]
    epochs = [
        (i, *(_percent(epoch[key]) for key in ("precision", "recall", "f1")))
        for i, epoch in enumerate(scores["epochs"], 1)
    ]
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
{len(scores["epochs"])}. This set chose the epoch, so expect less on unseen text.

{_table(["", "precision", "recall", "F1", "entities"], _scores(dev))}

## Data

{_list(_files(data))}

{data["train"]["words"]:,} words of training, {data["train"]["entities"]:,} entities, of which
{data["train"]["misaligned"]} begin or end inside a word, so that their words were not trained on.
{_origin(data["has_text"])}
{_teacher(training, data)}## Reading

- Words: rule `{facts["word_rule"]}`{how_well}.
- Windows: {reach}, up to {facts["window"]["max_pieces"]} pieces, the best on `{training["dev"]}` of those tried;
  {trained_on}.
- Labels: {_DECODINGS[training["decoding"]]}.

{_table(["words of a window", "F1"], windows)}

## Training

{_list(_settings(facts))}

{_table(["epoch", "precision", "recall", "F1"], epochs)}
"""


def _scores(dev: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    figures = ("precision", "recall", "f1")
    yield ("all", *(_percent(dev[key]) for key in figures), dev["n_gold"])
    for label, score in dev["per_label"].items():
        yield (label, *(_percent(score[key]) for key in figures), score["support"])


def _files(data: dict[str, Any]) -> Iterator[str]:
    for file in data["files"]:
        scheme = f", {file['scheme']}" if file["scheme"] else ""
        yield (
            f"`{file['name']}` ({file['format']}{scheme}, {file['documents']} documents, "
            f"sha-256 `{file['sha256'][:16]}…`)"
        )


def _teacher(training: dict[str, Any], data: dict[str, Any]) -> str:
    if not training["teacher"]:
        return ""
    lines = [
        "## Teacher\n",
        f"Besides the labels it learned the probabilities of `{training['teacher']}`, which make "
        f"{100 * training['teacher_weight']:.0f} % of the loss of a labelled word, at temperature {training['temperature']}",
        "(Hinton, Vinyals, Dean 2015).",
    ]
    if text := data["unlabelled"]:
        names = ", ".join(f"`{name}`" for name in training["unlabelled"])
        lines.append(
            f"It also learned them on text without labels, {names}: {text['documents']:,} documents of "
            f"{text['words']:,} words\n(sha-256 `{text['sha256'][:16]}…`), in each epoch at most "
            f"{training['unlabelled_ratio']} times as much as there is labelled text."
        )
    return "\n".join(lines) + "\n\n"


def _settings(facts: dict[str, Any]) -> Iterator[str]:
    training, machine = facts["training"], facts["machine"]
    yield (
        f"AdamW, learning rate {training['learning_rate']:g} with linear warm-up over {100 * training['warmup']:g} % of "
        f"the steps and linear decay, weight decay {training['weight_decay']:g}, gradients clipped to a norm of 1"
    )
    if training["head_learning_rate"]:
        yield f"learning rate of the new layers {training['head_learning_rate']:g}"
    if training["layer_decay"] < 1:
        yield f"each layer learned slower than the one above it, by the factor {training['layer_decay']:g}"
    n_batches = training["accumulate"] * machine["processes"]
    batches = f", {n_batches} batches a step" if n_batches > 1 else ""
    yield f"about {training['batch_pieces']} pieces a batch{batches}; only a word's first piece is labelled"
    patience = training["patience"]
    stopping = f", stopping after {patience} without a better one" if patience else ""
    yield f"at most {training['epochs']} epochs{stopping}; seed {training['seed']}"
    loss = "the likelihood of the CRF" if training["decoding"] == "crf" else "cross-entropy"
    weighted = f", labels weighted: {training['class_weights']}" if training["class_weights"] else ""
    yield f"loss: {loss}{weighted}"
    stored = "16" if training["half_weights"] else "32"
    yield f"computed in {machine['precision']}; the weights are stored in {stored} bits"
    gpus = ", ".join(machine["gpus"])
    place = gpus or f"{machine['cpu'] or machine['system']}, {machine['threads']} threads"
    processes = f", in {machine['processes']} processes" if machine["processes"] > 1 else ""
    yield f"{_hours(training['seconds'])} on {place}{processes}"
    yield (
        f"nerq {machine['nerq']}, torch {machine['torch']}, transformers {machine['transformers']}, "
        f"Python {machine['python']}, {machine['system']}"
    )


def _hours(seconds: int) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _table(heads: list[str], rows: Any) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |".replace("|  |", "| |") for line in lines)


def _list(items: Iterator[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _section(notes: str) -> str:
    return f"\n{notes.strip()}\n" if notes.strip() else ""


def _origin(has_text: bool) -> str:
    if has_text:
        return ""
    return "The data came as words; the text between them was put back by nerq's detokeniser.\n"
