"""What docker-compose.yml lets a container do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: Folders of the host or volumes that are written to: the services' own data.
WRITTEN = {"redis:/data", "postgres:/var/lib/postgresql/data"}


@pytest.mark.parametrize("service", SERVICES)
class TestAContainer:
    def test_has_limits(self, service: str) -> None:
        assert 0 < SERVICES[service]["pids_limit"] <= 512
        assert re.fullmatch(r"(\$\{[A-Z]+_MEMORY:-)?\d+g\}?", SERVICES[service]["mem_limit"])
        assert SERVICES[service]["logging"]["options"].keys() == {"max-size", "max-file"}

    def test_writes_to_memory_or_to_its_own_data_only(self, service: str) -> None:
        volumes = SERVICES[service].get("volumes", [])
        assert [v for v in volumes if not v.endswith(":ro") and v not in WRITTEN] == []
        assert all(re.search(r"size=\d+[mg]", tmpfs) for tmpfs in SERVICES[service]["tmpfs"])
        assert SERVICES[service]["read_only"] is True

    def test_shares_nothing_of_the_host(self, service: str) -> None:
        shared = {
            "privileged",
            "pid",
            "ipc",
            "network_mode",
            "userns_mode",
            "cap_add",
            "devices",
            "extra_hosts",
        }
        assert not shared & SERVICES[service].keys()
        assert not any("docker.sock" in volume for volume in SERVICES[service].get("volumes", []))

    def test_speaks_to_the_backend_and_only_flower_to_this_host(self, service: str) -> None:
        assert "backend" in SERVICES[service]["networks"]
        assert (SERVICES[service]["networks"] == ["backend"]) is (service != "flower")
        assert SERVICES[service].get("ports", []) == (["127.0.0.1:5555:5555"] if service == "flower" else [])


def test_the_network_of_the_data_leads_nowhere_else() -> None:
    assert COMPOSE["networks"]["backend"] == {"internal": True}


def test_workers_do_not_see_the_files_that_are_submitted() -> None:
    seen = {name: str(service.get("volumes", [])) for name, service in SERVICES.items()}
    assert [name for name, volumes in seen.items() if "documents" in volumes] == ["nerq"]


def test_the_image_runs_as_nobody_of_the_host() -> None:
    stages = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")
    users = [re.findall(r"^USER (.+)$", stage, re.MULTILINE) for stage in stages]
    last = [stage[-1] for stage in users if stage]
    assert last == ["10001:10001", "10001:10001"], "of nerq and of flower"


def test_no_secret_is_built_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert allowed == {
        "constraints.txt",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "worker",
        "training",
        "cli",
    }
    assert "PASSWORD" not in (ROOT / "Dockerfile").read_text("utf-8")
