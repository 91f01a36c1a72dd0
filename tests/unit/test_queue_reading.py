import pytest

from tests.readers import CapitalsReader
from worker.queue.reading import BrokenDeviceError, is_out_of_memory, read_all
from worker.store import Claimed


def claimed(*texts: str) -> list[Claimed]:
    return [Claimed(i, 1, text) for i, text in enumerate(texts, 1)]


def test_a_batch_that_does_not_fit_is_halved() -> None:
    readings = read_all(CapitalsReader(), claimed(*["@crowded Ada"] * 7), lambda: None)
    assert [one.id for one, _ in readings.read] == [1, 2, 3, 4, 5, 6, 7]
    assert readings.failed == []


@pytest.mark.parametrize(("marker", "code"), [("@memory", "out_of_memory"), ("@bug", "internal_error")])
def test_one_document_fails_and_the_others_are_read(marker: str, code: str) -> None:
    batch = claimed("Ada", "Grace", f"Alan {marker}", "Edsger", "Barbara")
    readings = read_all(CapitalsReader(), batch, lambda: None)
    assert [one.id for one, _ in readings.read] == [1, 2, 4, 5]
    assert [(one.id, error.code) for one, error in readings.failed] == [(3, code)]
    assert "Alan" not in readings.failed[0][1].detail


def test_a_broken_gpu_is_no_documents_fault() -> None:
    with pytest.raises(BrokenDeviceError):
        read_all(CapitalsReader(), claimed("Ada @cuda", "Grace"), lambda: None)


def test_running_out_of_memory_is_recognised_without_torch() -> None:
    error = type("OutOfMemoryError", (RuntimeError,), {})
    assert is_out_of_memory(error("CUDA"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
