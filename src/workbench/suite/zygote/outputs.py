"""What a kernel published -> the outputs of cells, as nbclient has them from an ordinary kernel.

The rules are those of nbclient 0.11 with ``coalesce_streams``: all that a cell prints to one stream
is one output, in the place of its first piece; carriage returns take effect; standard output comes
before standard error where they meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.suite.limits import MOST_OUTPUT

__all__ = ["Outputs", "in_order", "say_cut"]

_SHOWN = {"execute_result", "display_data", "update_display_data"}

Output = dict[str, Any]


def _cut_note(more: int) -> str:
    kept = f"{MOST_OUTPUT:,}"
    return (
        f"\n[cut here: the cell printed {more:,} characters more than the {kept} that are kept]\n"
    )


class Outputs:
    """Collects the outputs of a notebook's cells.

    Parameters
    ----------
    cells
        The notebook's cells by their index; each list in ``outputs`` is filled in place.
    """

    def __init__(self, cells: Mapping[int, list[Output]]) -> None:
        self.cells = cells
        self._index = -1
        self._clear_next = False
        self._cut = 0
        self._places: dict[str, dict[int, list[int]]] = {}

    def begin(self, index: int) -> None:
        """Note which cell is running now."""
        self._index, self._cut = index, 0

    def printed(self, name: str, text: str, cut: int) -> None:
        """Take in a text that was printed, and how many characters of it were left out."""
        if text:
            self._add({"output_type": "stream", "name": name, "text": text})
        self._cut += cut

    def message(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take in what was published."""
        name = (content.get("transient") or {}).get("display_id")
        if name and kind in _SHOWN:
            self._update(str(name), content)
        if kind == "clear_output":
            if content.get("wait"):
                self._clear_next = True
            else:
                self._clear()
        elif kind in {"execute_result", "display_data"}:
            shown = {"data": content["data"], "metadata": content.get("metadata") or {}}
            if kind == "execute_result":
                shown["execution_count"] = content["execution_count"]
            self._add({"output_type": kind, **shown}, str(name) if name else "")
        elif kind == "error":
            told = {key: content[key] for key in ("ename", "evalue", "traceback")}
            self._add({"output_type": "error", **told})

    def end(self) -> None:
        """Put the running cell's outputs in order: it has ended, or was ended."""
        if self._index >= 0:
            outputs = self.cells[self._index]
            outputs[:] = in_order(outputs)
            if self._cut:
                say_cut(outputs, self._cut)
            self._cut = 0

    def _add(self, output: Output, name: str = "") -> None:
        outputs = self.cells[self._index]
        if self._clear_next:
            self._clear()
            self._clear_next = False
        if name:
            places = self._places.setdefault(name, {}).setdefault(self._index, [])
            places.append(len(outputs))
        if output["output_type"] == "stream" and outputs and _is_same_stream(outputs[-1], output):
            outputs[-1]["text"] += output["text"]
        else:
            outputs.append(output)

    def _clear(self) -> None:
        self.cells[self._index].clear()
        for places in self._places.values():
            if self._index in places:
                places[self._index] = []

    def _update(self, name: str, content: Mapping[str, Any]) -> None:
        for index, places in self._places.get(name, {}).items():
            for place in places:
                self.cells[index][place]["data"] = content["data"]
                self.cells[index][place]["metadata"] = content.get("metadata") or {}


def _is_same_stream(old: Output, new: Output) -> bool:
    return bool(old["output_type"] == "stream" and old["name"] == new["name"])


def in_order(outputs: list[Output]) -> list[Output]:
    """Return a cell's outputs with each stream in one piece, standard output first."""
    found: list[Output] = []
    streams: dict[str, Output] = {}
    for output in outputs:
        known = streams.get(output.get("name", "")) if output["output_type"] == "stream" else None
        if known is not None:
            known["text"] += output["text"]
            continue
        if output["output_type"] == "stream":
            streams[output["name"]] = output
        found.append(output)
    for output in streams.values():
        output["text"] = _settled(output["text"])
    for place in range(len(found) - 1):
        pair = [one.get("name") for one in found[place : place + 2]]
        if pair == ["stderr", "stdout"]:
            found[place], found[place + 1] = found[place + 1], found[place]
    return found


def _settled(text: str) -> str:
    """Return a text with the effect of its carriage returns; backspaces stay, as in nbclient."""
    if "\r" not in text:
        return text
    return "\n".join(line[line.rfind("\r", 0, len(line) - 1) + 1 :] for line in text.split("\n"))


def say_cut(outputs: list[Output], more: int) -> None:
    """Write at the end of a cell's last text that so many characters more were printed."""
    last = next(one for one in reversed(outputs) if one["output_type"] == "stream")
    last["text"] += _cut_note(more)
