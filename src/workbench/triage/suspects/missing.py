"""The texts that stand for "not known", and how the engine is asked for them."""

from __future__ import annotations

from workbench.data.quoting import literal

__all__ = ["ALL_TOKENS", "LIKELY", "SURE", "WORDS", "among"]

SURE = (
    *("n/a", "#n/a", "n.a.", "n.a", "<na>", "null", "(null)", "<null>", "\\n", "nan", "-nan"),
    *("?", "??", "???", "--", "---", "not available", "not applicable", "#value!", "#ref!"),
    *("1.#ind", "1.#qnan", "#name?", "#div/0!"),
)
"""What programs and people write for nothing, whatever the column."""
LIKELY = ("na", "none", "nil", "-", ".", "..", "tbd", "tba", "xxx", "not known", "not specified")
"""The same, but each is a word or a mark that may be meant."""
WORDS = ("unknown", "empty", "missing", "blank", "undefined", "other", "no data", "not given")
"""Categories in a column of words; no value in a column of numbers or dates."""
ALL_TOKENS = (*SURE, *LIKELY)


def among(value: str, texts: tuple[str, ...]) -> str:
    """Return SQL for whether a text is one of some.

    The engine makes a join of each ``IN`` with many texts, which takes it milliseconds to plan.
    """
    return f"list_contains([{', '.join(literal(one) for one in texts)}], {value})"
