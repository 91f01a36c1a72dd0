"""Several hosts on this machine: network namespaces on a bridge, each with an address and a cable to be pulled."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest


class Host:
    """A network namespace with its own cable to the bridge."""

    def __init__(self, network: str, number: int) -> None:
        self.name = f"{network}-{number}"
        self.address = f"10.213.77.{number}"
        self._cable = f"{network}c{number}"

    def plug_into(self, bridge: str) -> None:
        """Bring it into being."""
        ip("netns", "add", self.name)
        ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", self._cable, "master", bridge, "up")
        for configuration in (
            ("address", "add", f"{self.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-n", self.name, *configuration)

    def remove(self) -> None:
        """Take it out of being, as far as it ever was; the cable too, which would outlive it for a while."""
        for what in (("link", "delete", self._cable), ("netns", "delete", self.name)):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip(*what)

    def cut_off(self) -> None:
        """Pull the cable: packets are lost without a word."""
        ip("link", "set", self._cable, "down")

    def heal(self) -> None:
        """Put it in again."""
        ip("link", "set", self._cable, "up")

    @property
    def network(self) -> list[str]:
        """The command that starts another in this host's network."""
        return ["ip", "netns", "exec", self.name]

    @property
    def machine(self) -> list[str]:
        """The command that starts another where it sees only this host's processes, too; they end with it."""
        return [*self.network, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


@contextlib.contextmanager
def hosts(n: int) -> Iterator[list[Host]]:
    """So many hosts that reach each other; this machine reaches them as one more. Skips where that cannot be."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    network = f"nerq{os.getpid() % 100_000}"
    made = [Host(network, number) for number in range(1, n + 1)]
    try:
        try:
            ip("link", "add", network, "type", "bridge")
            ip("address", "add", "10.213.77.254/24", "dev", network)
            ip("link", "set", network, "up")
            for host in made:
                host.plug_into(network)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces cannot be made here: {error.stderr.strip()}")
        yield made
    finally:
        for host in made:
            host.remove()
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("link", "delete", network)


def ip(*arguments: str) -> None:
    """`ip` of iproute2."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
