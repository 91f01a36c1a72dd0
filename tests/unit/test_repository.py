"""What the repository says about itself is true: README and docs, generated pages, pins, containers, examples."""

from __future__ import annotations

import ast
import os
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.main import nerq
from worker import errors
from worker.annotations import read_annotations
from worker.documents import ReadOptions, read_sources
from worker.settings import Settings
from worker.store import ExtractionStatus

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FILES = (ROOT / "docs" / "files.md").read_text("utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
#: `docs/cli.md` is written from the commands themselves.
WRITTEN_BY_HAND = [path for path in PAGES if path.name not in ("cli.md", "files.md")]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)


def test_the_generated_pages_and_tables_are_those_of_the_code() -> None:
    pages: dict[Path, str] = runpy.run_path(str(ROOT / ".ci" / "docs.py"))["pages"]()
    assert len(pages) == 3
    for path, text in pages.items():
        assert path.read_text("utf-8") == text, "run `make docs`"


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=lambda page: page.name)
def test_every_command_line_in_the_pages_exists(page: Path) -> None:
    lines = list(_command_lines(page))
    assert lines
    for line in lines:
        words = [*takewhile(lambda word: word not in ("|", ">", "&&"), shlex.split(line, comments=True))]
        command: click.Command = nerq
        while words and isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found, f"nerq {line}"
            command = found
        options = {
            name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
        }
        used = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
        assert used <= options | {"--help"}, f"nerq {line}"


def test_the_readme_names_every_command() -> None:
    assert {name for name in nerq.list_commands(click.Context(nerq)) if f"nerq {name}" not in README} == set()


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=lambda page: page.name)
def test_every_variable_in_the_pages_is_a_setting(page: Path) -> None:
    named = re.findall(r"NERQ_([A-Z_]+)", page.read_text("utf-8"))
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_every_make_target_in_the_readme_exists_and_every_target_has_help() -> None:
    assert set(re.findall(r"`?\bmake ([a-z]+)\b`", README)) <= set(TARGETS)
    assert set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE)) == set(TARGETS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_pages_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]+))?\)", prose)
    for path, heading in links:
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not heading or heading in _anchors(target), f"{path}#{heading}"


def test_every_folder_and_module_says_in_one_sentence_what_it_is() -> None:
    sentences = re.findall(r"^\| `[\w/]+(?:\.py|/)` \| (.*) \|$", FILES, re.MULTILINE)
    assert len(sentences) > 50
    assert [sentence for sentence in sentences if not sentence or len(sentence) > 200] == []


def test_the_states_and_the_exit_codes_in_the_readme_are_those_of_the_code() -> None:
    states = README.split("## States of an extraction", 1)[1].split("\n## ", 1)[0]
    assert [state for state in ExtractionStatus if f"`{state}`" not in states] == []
    exit_codes = README.split("## Exit codes", 1)[1].split("\n## ", 1)[0]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", exit_codes, re.MULTILINE)}
    assert listed == {value for name, value in vars(errors).items() if name.startswith("EXIT_")}


def test_the_promises_are_listed_and_the_tests_they_name_exist() -> None:
    promises = README.split("## Promises", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| (\d+) \|", promises, re.MULTILINE) == [str(number) for number in range(1, 18)]
    for path, test in re.findall(r"`(tests/[\w/]+\.py)((?:::\w+)*)`", promises):
        names = {
            node.name
            for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert set(test.split("::")) - {""} <= names, f"{path}{test}"


def test_every_dependency_is_pinned() -> None:
    assert {name for name in _dependencies("nerq", extras=("", "dev")) if name not in _pins()} == set()


def test_the_pins_admit_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
    ]
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(_pins()[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("service", ["redis", "postgres"])
def test_the_services_with_the_data_are_reachable_by_the_workers_only(service: str) -> None:
    assert "ports" not in COMPOSE["services"][service]
    assert COMPOSE["services"][service]["networks"] == ["backend"]
    assert COMPOSE["networks"]["backend"]["internal"] is True


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_no_container_has_more_rights_than_it_needs(service: str) -> None:
    settings = COMPOSE["services"][service]
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in settings.get("ports", []))
    assert "USER 10001:10001" in (ROOT / "Dockerfile").read_text("utf-8")
    assert settings["image"].startswith("nerq:") or settings["user"] == service


def test_passwords_come_from_the_environment_and_never_stand_on_a_command_line() -> None:
    for name, service in COMPOSE["services"].items():
        assert "${" not in str(service.get("command", "")), name
    interpolated = re.findall(
        r"\$\{([A-Z_]*PASSWORD)(:\?)?", (ROOT / "docker-compose.yml").read_text("utf-8")
    )
    assert interpolated
    assert all(required for _, required in interpolated)


def test_redis_evicts_nothing_and_writes_what_it_holds_to_disk() -> None:
    script = COMPOSE["services"]["redis"]["command"][-1]
    assert "maxmemory-policy noeviction" in script
    assert "appendonly yes" in script
    assert "appendfsync everysec" in script


@pytest.mark.parametrize("script", ["run", "services"])
def test_the_scripts_of_continuous_integration_can_be_run(script: str) -> None:
    assert os.access(ROOT / ".ci" / script, os.X_OK)


def test_the_examples_and_their_gold_are_of_the_same_texts() -> None:
    sources = read_sources([ROOT / "examples" / "documents"], ReadOptions(), on_skip=[].append)
    texts = {source.document.text for source in sources if source.document}
    gold = read_annotations(ROOT / "examples" / "gold.jsonl")
    assert {document.text for document in gold.documents} == texts
    assert sum(len(document.spans) for document in gold.documents) > 100


def _anchors(page: Path) -> set[str]:
    """The names of its headings in links, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _command_lines(page: Path) -> Iterator[str]:
    """What follows `nerq` on every line of a shell block and in every piece of inline code."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            found = re.match(r"(?:[A-Z_]+=\S+ |docker compose run --rm )*nerq (.+)", line)
            if found:
                yield found[1]
    yield from re.findall(r"`nerq ([^`]+)`", text)


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins.items()}


def _dependencies(name: str, extras: tuple[str, ...] = ("",), seen: set[str] | None = None) -> set[str]:
    """Every distribution that `name` needs; what torch brings for CUDA comes with torch's own pin."""
    seen = set() if seen is None else seen
    for requirement in _requirements(name, extras):
        dependency = canonicalize_name(requirement.name)
        if dependency not in seen and not dependency.startswith(("nvidia-", "cuda-", "triton")):
            seen.add(dependency)
            _dependencies(dependency, ("", *requirement.extras), seen)
    return seen


def _requirements(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    try:
        lines = requires(name) or []
    except PackageNotFoundError:  # needed on another platform only
        lines = []
    for requirement in map(Requirement, lines):
        if not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement
