"""What a notebook prints: to ``sys.stdout`` and ``sys.stderr``, and below Python."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["Files", "Stream", "install", "redirect"]

_CHUNK = 1 << 20
_NAMES = {1: "stdout", 2: "stderr"}


class Files:
    """What is written to the file descriptors 1 and 2: by other languages, by other processes.

    A file takes it in, so that no writer ever has to wait; it is read when Python's own streams
    are flushed.

    Parameters
    ----------
    handles
        Standard descriptor -> a descriptor to read from.
    """

    def __init__(self, handles: dict[int, int]) -> None:
        self._handles = handles
        self._read = dict.fromkeys(handles, 0)
        self.record: Callable[[str, str], None] = lambda name, text: None

    def hand_on(self) -> None:
        """Record what was written since the last call."""
        for number, handle in self._handles.items():
            while content := os.pread(handle, _CHUNK, self._read[number]):
                self._read[number] += len(content)
                self.record(_NAMES[number], content.decode(errors="replace"))


def redirect(folder: str) -> Files:
    """Let the file descriptors 1 and 2 lead into files of the job, and 0 to nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    handles = {}
    for number, name in _NAMES.items():
        path = Path(folder) / f".{name}"
        writer = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        handles[number] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        path.unlink()
        os.dup2(writer, number)
        os.close(writer)
    return Files(handles)


class Stream(io.TextIOBase):
    """A text stream whose text is recorded at once.

    Parameters
    ----------
    name
        ``stdout`` or ``stderr``.
    record
        Called with the name and the text.
    files
        What is written below Python; a flush hands that on.
    """

    encoding = "UTF-8"

    def __init__(self, name: str, record: Callable[[str, str], None], files: Files) -> None:
        self.name = name
        self._record, self._files = record, files
        self._number = next(number for number, known in _NAMES.items() if known == name)
        self._pid = os.getpid()

    def fileno(self) -> int:
        """Return the descriptor that other processes may write to."""
        return self._number

    def isatty(self) -> bool:
        """Return False: this is no terminal."""
        return False

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Record a text and return its length."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._pid:  # a process that the notebook started by a fork
            os.write(self._number, text.encode(errors="replace"))
        elif text:
            self._record(self.name, text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written below Python."""
        if os.getpid() == self._pid:
            self._files.hand_on()

    def close(self) -> None:
        """Stay open: a notebook that closes its output must still be able to report."""


def install(record: Callable[[str, str], None], files: Files) -> None:
    """Put recording streams in the place of Python's own."""
    files.record = record
    sys.stdout = Stream("stdout", record, files)
    sys.stderr = Stream("stderr", record, files)
