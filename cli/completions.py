"""What a shell offers for a job, a model, a label or a document: the names that the database knows."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Literal

import click
from click.shell_completion import CompletionItem

Kind = Literal["job", "model", "label", "document"]

#: A parameter's help says by these words what it takes.
_KINDS: dict[str, Kind] = {"JOB": "job", "MODEL": "model", "LABEL": "label", "DOCUMENT": "document"}
#: A shell runs what is offered as if it had been typed: no name that means something to a shell is offered.
_HARMLESS = re.compile(r"[\w%+,./][\w@%+,./-]*")


class StoredName(click.ParamType[str]):
    """A string of which the database knows examples, of one kind or of several; or, besides, a file or folder."""

    def __init__(self, kinds: tuple[Kind, ...], files: str | None) -> None:
        self.name = " or ".join(kinds)
        self._kinds = kinds
        self._files = files

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin so. Of anything that goes wrong there is nothing to see."""
        del ctx, param
        names = [name for kind in self._kinds for name in _names(kind, incomplete)]
        if not names and self._files:
            return [CompletionItem(incomplete, type=self._files)]
        return [CompletionItem(name) for name in dict.fromkeys(names) if _HARMLESS.fullmatch(name)]


def _names(kind: Kind, incomplete: str) -> list[str]:
    # Of several labels, the last one is being typed.
    before, comma, beginning = incomplete.rpartition(",") if kind == "label" else ("", "", incomplete)
    names = [name for name in _names_of_no_database(kind) if name.startswith(beginning)]
    with suppress(Exception):  # a shell would show an error in the middle of what is being typed
        names += _stored_names(kind, beginning)
    return [f"{before}{comma}{name}" for name in names]


def _stored_names(kind: Kind, beginning: str) -> list[str]:
    from cli.models import entity_labels
    from worker.settings import load_settings
    from worker.store.suggestions import known_tags, suggest

    url = load_settings().database_url
    if kind != "label":
        return suggest(url, kind, beginning)
    labels = sorted({label for tags in known_tags(url) for label in entity_labels(tags)})
    return [label for label in labels if label.startswith(beginning)]


def _names_of_no_database(kind: Kind) -> list[str]:
    if kind == "job":
        return ["last"]
    if kind == "model":
        from worker.recognition.checkpoint import bundled_models

        return bundled_models()
    return []


def teach(command: click.Command) -> None:
    """Let the parameters of a command, and of those in it, know what they take."""
    for param in command.params:
        words = re.findall(r"[A-Z]+", param.metavar or param.human_readable_name)
        kinds = tuple(_KINDS[word] for word in words if word in _KINDS)
        if kinds and param.type is click.STRING:
            files = "file" if "PATH" in words else "dir" if "MODEL" in words else None
            param.type = StoredName(kinds, files)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            teach(inner)
