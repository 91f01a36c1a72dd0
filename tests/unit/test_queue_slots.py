import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from worker.errors import SettingsError
from worker.queue.slots import Slot, find_gpus, parse_gpu_list, plan_slots, usable_cores, usable_memory
from worker.settings import Settings

LISTING = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-5a2d)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-77c1)
  MIG 3g.40gb     Device  0: (UUID: MIG-aaaa)
  MIG 3g.40gb     Device  1: (UUID: MIG-bbbb)
GPU 2: NVIDIA H100 80GB HBM3 (UUID: GPU-90fe)
"""


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def settings(**values: int) -> Settings:
    return Settings(**values)


def test_gpus_are_listed_by_index_and_parts_of_a_partitioned_one_by_uuid() -> None:
    assert parse_gpu_list(LISTING) == ("0", "MIG-aaaa", "MIG-bbbb", "2")


def test_only_the_visible_gpus_are_taken(two_gpus: None) -> None:
    assert find_gpus() == ("4", "7")
    assert [slot.gpu for slot in plan_slots(settings(), "all")] == ["4", "7"]
    assert [slot.gpu for slot in plan_slots(settings())] == ["4", "7"]
    assert [slot.gpu for slot in plan_slots(settings(), "1")] == ["7"]


def test_processes_of_one_gpu_stand_side_by_side(two_gpus: None) -> None:
    assert [slot.gpu for slot in plan_slots(settings(), "all", per_gpu=2)] == ["4", "4", "7", "7"]


def test_none_means_the_cpu_though_there_are_gpus(two_gpus: None) -> None:
    assert {slot.device for slot in plan_slots(settings(), "none")} == {"cpu"}


@pytest.mark.parametrize("gpus", ["2", "0,2", "one", "0,0", "-1", ""])
def test_gpus_that_are_not_there_are_an_error(two_gpus: None, gpus: str) -> None:
    with pytest.raises(SettingsError, match="--gpus"):
        plan_slots(settings(), gpus)


def test_all_gpus_without_any_is_an_error_that_says_so(no_gpu: None) -> None:
    with pytest.raises(SettingsError, match="no GPU"):
        plan_slots(settings(), "all")


def test_without_gpus_the_cores_are_shared_out(no_gpu: None) -> None:
    slots = plan_slots(settings())
    assert len(slots) == max(1, min(usable_cores() // 2, usable_memory() >> 30))
    assert {slot.threads for slot in slots} == {max(1, usable_cores() // len(slots))}
    assert plan_slots(settings(processes=3, threads=2)) == (Slot(None, 2),) * 3
    assert len(plan_slots(settings(processes=3), processes=5)) == 5


@pytest.mark.parametrize(
    ("cores", "limit", "n_slots", "threads"),
    [(1, "max", 1, 1), (2, "max", 1, 2), (3, "max", 1, 3), (64, "8589934592", 8, 8), (64, "1000", 1, 64)],
)
def test_processes_get_two_cores_and_a_gigabyte(
    no_gpu: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cores: int,
    limit: str,
    n_slots: int,
    threads: int,
) -> None:
    (tmp_path / "memory.max").write_text(limit + "\n")
    monkeypatch.setattr("worker.queue.slots._CGROUP_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr("worker.queue.slots.usable_cores", lambda: cores)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=1 << 40))
    assert plan_slots(settings()) == (Slot(None, threads),) * n_slots


def test_a_pinned_process_sees_its_own_share(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "before")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "before")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "before")
    Slot("7", 3).pin()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "7"
    assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "3"
    Slot(None, 2).pin()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
