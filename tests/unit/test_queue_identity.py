import os
import subprocess
import sys

import pytest

from worker.queue.identity import host_name, is_gone, process_name


@pytest.fixture
def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_a_living_process_is_not_gone() -> None:
    assert process_name().split(":")[:2] == [host_name(), str(os.getpid())]
    assert not is_gone(process_name())


def test_a_killed_process_is_gone_though_nobody_waited_for_it(sleeper: subprocess.Popen[bytes]) -> None:
    with sleeper:
        name = process_name(sleeper.pid)
        assert not is_gone(name)
        sleeper.kill()
        os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie
        assert is_gone(name)
    assert is_gone(name)


def test_another_process_with_the_same_number_is_not_the_same() -> None:
    host, pid, started = process_name().split(":")
    assert is_gone(f"{host}:{pid}:{int(started) - 100}")


@pytest.mark.parametrize(
    "name", ["elsewhere:1:1", f"elsewhere:{2**22}:5", "", "nonsense", f"{host_name()}:x:y"]
)
def test_of_other_hosts_nothing_is_known(name: str) -> None:
    assert not is_gone(name)
