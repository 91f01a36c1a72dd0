"""`nerq`: the table of commands, and what each kind of error looks like to a person.

A command's module is imported when the command is called, so that `nerq --help` needs click and nothing else.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click
from click.shell_completion import CompletionItem

from cli import output
from worker.errors import EXIT_FAILURES, EXIT_INTERRUPTED, EXIT_OK, NerqError


class Entry(NamedTuple):
    """One command: its module in `cli` (which holds a click command named `command`) and its short help."""

    module: str
    short_help: str


#: The commands in the order in which help shows them.
SECTIONS: dict[str, dict[str, Entry]] = {
    "Read documents": {
        "submit": Entry("submit", "Read documents and put their entities into the database."),
        "worker": Entry("worker", "Work on what is queued, one process for each GPU."),
    },
    "Follow the work": {
        "status": Entry("status", "List the jobs, or show how far one has come."),
        "errors": Entry("errors", "List the documents of a job that failed, and why."),
        "retry": Entry("retry", "Queue again what failed or was cancelled in a job."),
        "cancel": Entry("cancel", "Cancel what a job still waits for."),
    },
    "Use the entities": {
        "entities": Entry("entities", "Find and count stored entities."),
        "show": Entry("show", "Show a document with its entities marked."),
        "report": Entry("report", "Write a job as one HTML page: charts, names, marked documents."),
        "export": Entry("export", "Write a job's documents and entities for another tool."),
        "redact": Entry("redact", "Write copies of documents with their names replaced."),
    },
    "Make models": {
        "data": Entry("data", "Check labelled data, or write it in another format."),
        "train": Entry("train", "Fine-tune a model on labelled documents."),
        "evaluate": Entry("evaluate", "Score the stored entities of a job, or a model, against gold."),
        "evaluations": Entry("evaluations", "List the scores that are kept, show one, or delete some."),
        "models": Entry("models", "List the models that are bundled or were used."),
    },
    "Keep it running": {
        "verify": Entry("verify", "Read a job's files again and compare them with what is stored."),
        "purge": Entry("purge", "Delete jobs and documents for good."),
        "config": Entry("config", "Show the settings and where each one comes from."),
        "completion": Entry("completion", "Print the script with which a shell completes nerq's commands."),
        "doctor": Entry("doctor", "Check the database, the broker, the model and the GPUs."),
        "db": Entry("db", "Look after the database schema."),
    },
}
COMMANDS: dict[str, Entry] = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Nerq(click.Group):
    """The group of all commands; it imports a command when it is called and turns errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"cli.{COMMANDS[cmd_name].module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong entry in the table above
        if ctx.resilient_parsing:  # a shell asks how the line may go on
            import_module("cli.completions").teach(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, from the table alone, or the options."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=entry.short_help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the called command; a mistyped one is answered with those that look like it."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, from the table alone."""
        del ctx
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(width), entry.short_help) for name, entry in commands.items()]
                )

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run one command line and exit with its code."""
        extra |= {"standalone_mode": False, "prog_name": "nerq"}
        output.make_safe()
        try:
            code = super().main(*args, **extra)
            output.finish()
        except output.OutputClosedError:
            output.abandon()
            sys.exit(EXIT_OK)
        except Exception as error:  # the outermost line: every failure gets a message and a code
            sys.exit(_explain(error))
        sys.exit(code if isinstance(code, int) else EXIT_OK)


def _explain(error: Exception) -> int:
    """Say on standard error what went wrong; the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort):
        click.echo(_interruption(error), err=True)
        return EXIT_INTERRUPTED
    if isinstance(error, NerqError):
        output.complain(str(error))
        return error.exit_code
    click.echo(f"Error: nerq stopped unexpectedly ({type(error).__name__}). This is a bug in nerq:", err=True)
    click.echo("please report it with the command you typed and the output of `nerq --version`.", err=True)
    if os.environ.get("NERQ_LOG_LEVEL") == "DEBUG":
        _trace(error)
    else:
        click.echo("NERQ_LOG_LEVEL=DEBUG shows where it happened.", err=True)
    return EXIT_FAILURES


def _interruption(abort: click.Abort) -> str:
    """What to say after Ctrl-C: a command that knows how to go on has put it into its KeyboardInterrupt."""
    return str(abort.__cause__ or "") or "Interrupted."


def _trace(error: BaseException) -> None:
    """Print where the error came from, without its message: that may quote a document."""
    if error.__cause__ or error.__context__:
        _trace(error.__cause__ or error.__context__)  # type: ignore[arg-type]
    click.echo("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__, err=True)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from worker.version import nerq_version

    click.echo(f"nerq {nerq_version()}")
    ctx.exit()


@click.group(
    cls=Nerq,
    name="nerq",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`nerq COMMAND --help` shows examples and every option. Settings are NERQ_* variables or lines of "
    "nerq.toml; `nerq doctor` says what is missing.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
def nerq() -> None:
    """Put every name in a folder of documents into a SQL database.

    \b
    Examples:
      nerq submit contracts/                 read a folder, wait for its entities
      nerq entities --job last --label ORG   the organisations that were found
      nerq show contracts/lease.txt          one document with its entities marked
    """


def main() -> NoReturn:
    """Run the command line of this process and of those that it starts."""
    # Asked to end by someone else, a command leaves things as after Ctrl-C: in order, and said how to go on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The memory of a process that crashes holds texts, which belong into no core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    nerq.main()
