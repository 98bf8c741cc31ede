"""Values that come once or twice in a column of a few frequent values."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_values
from workbench.triage.suspects.frame import Column, Frame

__all__ = ["find_rare"]

_FEWEST = 200
_FREQUENT = 0.01
_TOGETHER = 0.98
_RARE = 0.0002


def find_rare(frame: Frame) -> None:
    """Add values that come next to never, where a few values make up the column.

    A few: each is one row in a hundred or more, and together they are 98 in a hundred.
    """
    for column in frame.texts():
        words = max(column.number_share, column.date_share) < 0.5
        if words and column.filled >= _FEWEST and column.distinct <= 0.05 * column.filled:
            _rare(frame, column)


def _rare(frame: Frame, column: Column) -> None:
    if column.fewest > max(1, _RARE * column.filled):
        return
    least = _FREQUENT * column.filled
    frequent, between = frame.one(
        f"SELECT coalesce(sum(n) FILTER (WHERE n >= {least}), 0), "
        f"count(*) FILTER (WHERE n < {least} AND n > {_RARE} * {column.filled} AND n > 1) "
        f"FROM {column.values}"
    )
    # Values of every frequency are a long tail: its end is nothing odd.
    if int(frequent) < _TOGETHER * column.filled or int(between) > 3:
        return
    add_values(
        frame,
        column,
        "rare value",
        f"SELECT v, NULL AS suggestion, 0.55 AS confidence FROM {column.values} "
        f"WHERE n = 1 OR n <= {_RARE} * {column.filled}",
    )
