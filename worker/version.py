"""Which nerq this is."""

from __future__ import annotations

import functools
import importlib.metadata


@functools.cache
def nerq_version() -> str:
    """The installed version; `0+source` of a source tree that was never installed."""
    try:
        return importlib.metadata.version("nerq")
    except importlib.metadata.PackageNotFoundError:
        return "0+source"
