"""Python imports this before anything else in every process whose PYTHONPATH begins with this folder."""

from tests.faults.crash_points import install

install()
