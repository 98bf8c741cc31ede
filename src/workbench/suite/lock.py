"""One run of a suite at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import PublishError

try:
    import fcntl
except ImportError:  # not a POSIX system: two runs at once are then the user's to avoid
    fcntl = None  # type: ignore[assignment]

__all__ = ["only_run"]


@contextmanager
def only_run(folder: Path, suite: str) -> Iterator[None]:
    """Hold a suite's lock for the time of a run; the system frees it even when we are killed.

    Parameters
    ----------
    folder
        Where the lock's file is kept.
    suite
        The suite, for the message.

    Raises
    ------
    PublishError
        When another run of the suite is under way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+", encoding="utf-8") as held:
        if fcntl is not None:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                held.seek(0)
                raise PublishError(
                    f"another run of suite `{suite}` is under way (process {held.read().strip()})",
                    where=str(folder),
                    fix="Wait for it to end, or end it.",
                ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield
