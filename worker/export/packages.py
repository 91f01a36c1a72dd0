"""The libraries of some formats, which nerq does not need otherwise."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from worker.errors import SettingsError


def import_package(name: str, extra: str, form: str) -> ModuleType:
    """The module of that name.

    Raises:
        SettingsError: its package is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The format {form} needs {name.split('.')[0]}, which is not installed: pip install 'nerq[{extra}]'"
        ) from error
