"""A package that shows its modules' names, and imports a module once one of them is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazily"]


def lazily(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package whose names come from slow modules.

    Parameters
    ----------
    package
        The package, for the message.
    names
        Name -> the module that has it.

    Examples
    --------
    >>> lazily("workbench.data", {"digest_of": "workbench.files"})("digest_of").__name__
    'digest_of'
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(names[name]), name)
        setattr(import_module(package), name, value)
        return value

    return find
