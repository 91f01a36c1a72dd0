"""All targets by their names."""

from __future__ import annotations

from tests.fuzz.documents import DOCUMENT_TARGETS
from tests.fuzz.formats import FORMAT_TARGETS
from tests.fuzz.sources import SOURCE_TARGETS
from tests.fuzz.texts import TEXT_TARGETS

TARGETS = {**TEXT_TARGETS, **FORMAT_TARGETS, **SOURCE_TARGETS, **DOCUMENT_TARGETS}
