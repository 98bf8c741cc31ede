"""The errors that workbench raises on purpose.

Every message says what is wrong, where, and how to mend it; the same facts are fields, so that a
caller need not parse text::

    WorkbenchError
    ├── ParameterError    a file under params/, or a value given on the command line   (exit code 2)
    ├── SourceError       a source cannot be reached or read
    ├── ContractError     a table lacks what its contract requires
    ├── SnapshotError     a snapshot is missing, or is not what its digest says
    ├── AnalysisError     an analysis was asked for what the data cannot give
    ├── NotebookError     a notebook breaks the house's form                           (exit code 2)
    ├── ExecutionError    a notebook failed while it ran
    ├── RenderError       an executed notebook could not be turned into HTML
    └── PublishError      an edition could not be staged, published or served
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AnalysisError",
    "ContractError",
    "ExecutionError",
    "NotebookError",
    "ParameterError",
    "PublishError",
    "RenderError",
    "SnapshotError",
    "SourceError",
    "WorkbenchError",
    "nearest",
    "one_of",
]


class WorkbenchError(Exception):
    """What is wrong, where, and how to mend it.

    Parameters
    ----------
    what
        What is wrong, as a sentence without its full stop.
    where
        The file, key, table or row: ``params/demo/atlas.yml, sources.orders.till``.
    fix
        What is allowed, or how to mend it, as a sentence.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return the three parts as one message."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head.rstrip('.')}. {self.fix}" if self.fix else head

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the fields when the error crosses a process border."""
        return _rebuild, (type(self), self.what, self.where, self.fix)


def _rebuild(kind: type[WorkbenchError], what: str, where: str, fix: str) -> WorkbenchError:
    return kind(what, where=where, fix=fix)


class ParameterError(WorkbenchError):
    """A parameter file, key or value is wrong."""


class SourceError(WorkbenchError):
    """A source cannot be reached or read."""


class ContractError(WorkbenchError):
    """A table lacks what its contract requires."""


class SnapshotError(WorkbenchError):
    """A snapshot is missing, or is not what its digest says."""


class AnalysisError(WorkbenchError):
    """An analysis was asked for what its data cannot give."""


class NotebookError(WorkbenchError):
    """A notebook breaks the house's form."""


class ExecutionError(WorkbenchError):
    """A notebook failed while it ran."""


class RenderError(WorkbenchError):
    """An executed notebook could not be turned into HTML."""


class PublishError(WorkbenchError):
    """An edition could not be staged, published or served."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest to a misspelt one, or None.

    Examples
    --------
    >>> nearest("delimeter", ["delimiter", "encoding"])
    'delimiter'
    """
    found = get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(name: str, known: Iterable[str]) -> str:
    """Return the "how to mend it" of an unknown name: the nearest one, and all that are allowed.

    Examples
    --------
    >>> one_of("delimeter", ["encoding", "delimiter"])
    'Did you mean `delimiter`? Allowed: delimiter, encoding.'
    """
    names = sorted(known)
    allowed = f"Allowed: {', '.join(names)}." if names else "None is allowed here."
    guess = nearest(name, names)
    return f"Did you mean `{guess}`? {allowed}" if guess else allowed
