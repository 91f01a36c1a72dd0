"""Help, version and mistyped commands."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from cli.main import COMMANDS, nerq
from tests.command_line import invoke


def _commands() -> Iterator[tuple[str, ...]]:
    context = click.Context(nerq)
    for name in COMMANDS:
        yield (name,)
        command = nerq.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(context))


@pytest.mark.parametrize("command", list(_commands()), ids=" ".join)
class TestEveryCommand:
    def test_help_begins_with_a_sentence_and_examples(self, command: tuple[str, ...]) -> None:
        result = invoke(*command, "--help")
        assert result.exit_code == 0
        usage, sentence, heading, example = [line for line in result.output.splitlines() if line.strip()][:4]
        assert usage.startswith("Usage: nerq " + " ".join(command))
        assert sentence.endswith(".")
        assert heading.strip() == "Examples:"
        assert "nerq " + " ".join(command) in example

    def test_short_and_long_flag_give_the_same_help(self, command: tuple[str, ...]) -> None:
        assert invoke(*command, "-h").output == invoke(*command, "--help").output

    def test_every_option_is_explained(self, command: tuple[str, ...]) -> None:
        found: click.Command = nerq
        for name in command:
            assert isinstance(found, click.Group)
            inner = found.get_command(click.Context(found), name)
            assert inner is not None
            found = inner
        options = [param for param in found.params if isinstance(param, click.Option)]
        assert [option.name for option in options if not option.help] == []

    def test_answers_in_json_if_it_answers_at_all(self, command: tuple[str, ...]) -> None:
        if command not in [("worker",), ("db",), ("config",), ("completion",)]:
            assert "--json" in invoke(*command, "--help").output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_own_help_says(name: str) -> None:
    command = nerq.get_command(click.Context(nerq), name)
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name].short_help


def test_help_lists_every_command_in_one_line_each() -> None:
    lines = invoke("--help").output.splitlines()
    for name, entry in COMMANDS.items():
        assert any(line.split() == [name, *entry.short_help.split()] for line in lines)


def test_without_arguments_it_shows_the_help() -> None:
    assert "Examples:" in invoke().output


def test_version() -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("nerq ")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("staus", "status"), ("entitys", "entities"), ("modles", "models"), ("subimt", "submit")],
)
def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    result = invoke(typed)
    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("group", "typed", "meant"),
    [("db", "upgrad", "upgrade"), ("config", "shwo", "show"), ("data", "chekc", "check")],
)
def test_so_is_a_mistyped_command_of_a_group(group: str, typed: str, meant: str) -> None:
    result = invoke(group, typed)
    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.stderr


def test_a_mistyped_option_is_answered_with_the_one_that_was_meant() -> None:
    result = invoke("entities", "--lable", "ORG")
    assert result.exit_code == 2
    assert "--label" in result.stderr


def test_a_command_is_not_guessed_from_its_beginning() -> None:
    assert invoke("stat").exit_code == 2


def test_worker_options_that_do_nothing_are_not_taken_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("worker", "--gpus", "none", "--per-gpu", "2").exit_code == 2
    assert invoke("worker", "--gpus", "all", "--processes", "2").exit_code == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "--per-gpu is ignored: no GPU" in invoke("worker", "--per-gpu", "2").stderr
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    result = invoke("worker", "--processes", "2")
    assert "--processes is for the CPU and is ignored" in result.stderr
    assert result.exit_code == 3  # no broker
