"""Options under headings in a command's help, where there are many."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import click


class SectionedOption(click.Option):
    """An option that is listed under a heading."""

    def __init__(self, *args: Any, section: str = "Options", **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.section = section


class SectionedCommand(click.Command):
    """Lists its options by heading, in the order in which the headings first appear; the plain options come last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                sections[getattr(param, "section", "Options")].append(record)
        width = max(len(names) for records in sections.values() for names, _ in records)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl([(names.ljust(min(width, 30)), text) for names, text in records])
