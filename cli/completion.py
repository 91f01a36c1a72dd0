"""`nerq completion`: the script that teaches a shell to complete nerq's commands."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from cli import output

_SHELLS = ("bash", "zsh", "fish")
#: Where a shell looks for such a script, and what else it wants.
_PLACES = {
    "bash": "~/.local/share/bash-completion/completions/nerq",
    "zsh": "~/.zfunc/_nerq",
    "fish": "~/.config/fish/completions/nerq.fish",
}
_BESIDES = {
    "bash": "which the package bash-completion reads in every new shell.",
    "zsh": "with `fpath+=~/.zfunc; autoload -Uz compinit; compinit` in ~/.zshrc.",
    "fish": "which fish reads in every new shell.",
}


@click.command("completion")
@click.argument("shell", metavar="bash|zsh|fish", required=False, type=click.Choice(_SHELLS))
def command(shell: str | None) -> None:
    """Print the script with which a shell completes nerq's commands.

    \b
    Examples:
      nerq completion bash > ~/.local/share/bash-completion/completions/nerq
      nerq completion zsh > ~/.zfunc/_nerq
      nerq completion fish > ~/.config/fish/completions/nerq.fish

    Without an argument it is for the shell that $SHELL names. Commands and options are completed, and names of
    jobs, models and labels and paths of documents as far as the database tells them at once. A name that a shell
    would take for something else, such as one with a space, is not offered.
    """
    from cli.main import nerq

    shell = shell or _own_shell()
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click knows these shells
    output.write(found(nerq, {}, "nerq", "_NERQ_COMPLETE").source())
    if output.is_terminal():
        output.say(f"\nNext: nerq completion {shell} > {_PLACES[shell]}\n      {_BESIDES[shell]}")


def _own_shell() -> str:
    shell = Path(os.environ.get("SHELL", "")).name
    if shell not in _SHELLS:
        raise click.UsageError("Say for which shell: bash, zsh or fish.")
    return shell
