"""What changes in an extraction's row when it goes back to the queue or is given up, as sets of values."""

from __future__ import annotations

from typing import Any

from worker.store.clock import now
from worker.store.rows import ExtractionStatus

#: Back to the queue, to be announced: the attempt is over, its record stands. `queued_at` does too: it says
#: since when the jobs wait.
RETURNED: dict[str, Any] = {
    "status": ExtractionStatus.QUEUED,
    "dispatched_at": None,
    "worker": None,
    "lease_until": None,
    "claimed_with": None,
}

#: Back to the queue as if it were new, but for `attempt`, which never shrinks.
REQUEUED: dict[str, Any] = {
    **RETURNED,
    "queued_at": now(),
    "losses": 0,
    "refusals": 0,
    "alone": False,
    "started_at": None,
    "finished_at": None,
    "error_code": None,
    "error_detail": None,
}


def failed(code: str, detail: Any) -> dict[str, Any]:
    """Given up for a reason; `detail` is a text or an SQL expression for one."""
    return {
        "status": ExtractionStatus.FAILED,
        "finished_at": now(),
        "lease_until": None,
        "error_code": code,
        "error_detail": detail,
    }
