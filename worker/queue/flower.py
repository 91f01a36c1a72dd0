"""`python -m worker.queue.flower`: Flower's page about the workers and their batches; needs the extra `flower`."""

from __future__ import annotations

import sys

from worker.errors import NerqError
from worker.queue.app import make_app
from worker.settings import load_settings

#: Seen from this machine only, unless the arguments say otherwise; it watches, and workers take no orders from it.
_OPTIONS = ("--address=127.0.0.1", "--read_only=true", "--enable_events=false")


def main() -> None:
    """Serve until told to stop. The broker comes from the settings, so that its password is in no argument."""
    try:
        app = make_app(load_settings())
    except NerqError as error:
        sys.exit(str(error))
    app.start(["flower", *_OPTIONS, *sys.argv[1:]])


if __name__ == "__main__":
    main()
