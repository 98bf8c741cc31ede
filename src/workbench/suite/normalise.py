"""Makes an executed notebook the same bytes whenever, wherever and by whomever it was run.

What is taken out: timings, Papermill's records, absolute paths, process numbers, memory addresses
and the colour codes of a terminal. What was computed is never touched.
"""

from __future__ import annotations

import re
import site
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

__all__ = ["Places", "clean_text", "normalise", "places", "to_bytes"]

VOLATILE_METADATA = ("papermill", "execution", "widgets")
VOLATILE_CELL_METADATA = ("papermill", "execution", "ExecuteTime")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,16}\b")
# Both are tried at the beginning of a word only: a notebook may print a word of a million letters,
# and to try at each of them takes the square of that.
_CELL_FILE = re.compile(r"(?<![^\s\"'])[^\s\"']*ipykernel_\d+[/\\]\d+\.py")
_SITE = re.compile(r"(?<![^\s\"'(<>])[^\s\"'(<>]*?[/\\](?:site|dist)-packages[/\\]")

Places = tuple[tuple[str, str], ...]


def places(root: Path, folder: Path) -> Places:
    """Return the folders that must not show, longest first, with the word shown instead.

    Parameters
    ----------
    root
        The project's folder.
    folder
        The job's own working folder.
    """
    package = Path(__file__).resolve().parents[2]
    named: list[tuple[str | None, str]] = [
        (str(folder), "<job>"),
        (str(folder.resolve()), "<job>"),
        (str(package), "<package>"),
        (str(root), "<project>"),
        (str(root.resolve()), "<project>"),
        (sys.prefix, "<python>"),
        (sys.base_prefix, "<python>"),
        (site.getuserbase(), "<python>"),
        (str(Path.home()), "<home>"),
        (tempfile.gettempdir(), "<temp>"),
    ]
    kept = {place: word for place, word in reversed(named) if place and len(place) > 1}
    return tuple(sorted(kept.items(), key=lambda pair: (-len(pair[0]), pair[0])))


def clean_text(text: str, hidden: Places) -> str:
    """Return a text without colour codes, absolute paths, process numbers and addresses."""
    text = _ANSI.sub("", text)
    text = _CELL_FILE.sub("<cell>", text)
    text = _SITE.sub("<packages>/", text)
    text = _hide(text, hidden)
    return _ADDRESS.sub("at 0x...", text)


def _hide(text: str, hidden: Places) -> str:
    for place, word in hidden:
        # A root such as /usr is only hidden as the beginning of a path, never inside a word.
        text = re.sub(rf"(?<![\w./<>-]){re.escape(place)}(?=[/\\\s\"'):,;]|$)", word, text)
    return text


def normalise(notebook: nbformat.NotebookNode, hidden: Places) -> nbformat.NotebookNode:
    """Return the same notebook with everything that differs from run to run taken out, in place.

    Parameters
    ----------
    notebook
        An executed notebook.
    hidden
        The folders that must not show.
    """
    for key in VOLATILE_METADATA:
        notebook.metadata.pop(key, None)
    for cell in notebook.cells:
        for key in VOLATILE_CELL_METADATA:
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # Papermill adds an empty list to each cell
        if cell.cell_type == "code":
            for output in cell.outputs:
                _output(output, hidden)
    return notebook


def _output(output: nbformat.NotebookNode, hidden: Places) -> None:
    match output.output_type:
        case "stream":
            output.text = clean_text(output.text, hidden)
        case "error":
            output.evalue = clean_text(output.evalue, hidden)
            output.traceback = [clean_text(line, hidden) for line in output.traceback]
        case _:
            output.data = {
                kind: clean_text(value, hidden) if kind == "text/plain" else _deep(value, hidden)
                for kind, value in output.data.items()
            }
            output.metadata = _deep(output.metadata, hidden)


def _deep(value: Any, hidden: Places) -> Any:
    """Hide the folders in every text of a nested value; nothing else of it changes."""
    if isinstance(value, str):
        return _hide(value, hidden)
    if isinstance(value, Mapping):
        return {key: _deep(item, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_deep(item, hidden) for item in value]
    return value


def to_bytes(notebook: nbformat.NotebookNode) -> bytes:
    """Return the notebook's file: sorted keys, one indent, a final newline."""
    text: str = nbformat.writes(notebook, version=4)
    return (text.rstrip("\n") + "\n").encode()
