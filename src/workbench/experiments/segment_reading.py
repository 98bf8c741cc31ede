"""What the effects by segment say: one figure and one table that a manager can read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.data.phrases import counted, listed
from workbench.experiments.evidence import plain
from workbench.experiments.heterogeneity import Heterogeneity, SegmentEffect
from workbench.experiments.result import Experiments
from workbench.experiments.segment_effects import SegmentReading
from workbench.experiments.verdicts import shown_p
from workbench.experiments.wording import Form

__all__ = ["SegmentWords", "read_by_segment"]

_DRAWN = 16


@dataclass(frozen=True)
class SegmentWords:
    """Effects by segment, ready to be shown.

    Parameters
    ----------
    answer
        Where effects differ, in a sentence; or why there is nothing to say.
    drawn
        Effects relative to the common effect's scale, to draw: `label`, `effect`, `low`, `high` (of
        one outcome and variant, in the outcome's unit, shares in points).
    title, subtitle, alt
        The figure's message, how to read it, and its text alternative.
    table
        One row per segment and comparison: `segment`, `comparison`, `change`, `interval`,
        `best_guess` as texts, `pvalue_adj`.
    note
        The tests, and what is left out.
    reason
        Why there is nothing; empty where there is.
    """

    answer: str
    drawn: pd.DataFrame
    title: str
    subtitle: str
    alt: str
    table: pd.DataFrame
    note: str
    reason: str

    @property
    def kind(self) -> str:
        """Return what the answer is as a finding: `answer`, or `limit` where there is nothing."""
        return "limit" if self.reason else "answer"


def read_by_segment(found: Experiments) -> SegmentWords:
    """Return the effects by declared segment in words, a figure and a table.

    Parameters
    ----------
    found
        All experiments.
    """
    readings = [(r.plan.title, one) for r in found.results for one in r.segments]
    usable = [(title, one) for title, one in readings if one.found is not None]
    table = _table(usable)
    if table.empty:
        reason = _nothing(found, readings)
        empty = pd.DataFrame({"label": [], "effect": [], "low": [], "high": []})
        return SegmentWords(reason, empty, reason, "", reason, table, "", reason)
    differ = [(title, one) for title, one in usable if one.differ]
    answer = _answer(usable, differ)
    title, chosen = differ[0] if differ else usable[0]
    drawn, how = _figure(title, chosen)
    alt = "; ".join(
        f"{row['label']} {row['effect']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        for row in drawn.to_dict("records")
    )
    head = _title(chosen)
    return SegmentWords(
        answer, drawn, head, how, f"Points with intervals beside a line at zero. {head}. {alt}",
        table, _note(readings), "",
    )  # fmt: skip


def _nothing(found: Experiments, readings: list[tuple[str, SegmentReading]]) -> str:
    if readings:
        return " ".join(dict.fromkeys(one.reason for _, one in readings if one.reason))
    if any(r.plan.segments for r in found.results):
        return "No experiment with declared segments may be read by them yet."
    return "No experiment declares segments, so no effect is looked for in parts of the customers."


def _answer(
    usable: list[tuple[str, SegmentReading]], differ: list[tuple[str, SegmentReading]]
) -> str:
    if not differ:
        many = counted(len(usable), "comparison")
        return (
            f"It is not shown that any effect differs between the declared segments ({many}): the "
            "effect on all customers is the best guess for each."
        )
    parts = [
        f"{one.metric.label} with {plain(one.variant)} by {plain(one.column)} ({title})"
        for title, one in differ
    ]
    return (
        f"The effect differs between segments: {listed(list(dict.fromkeys(parts)))}. Read the best "
        "guess of each segment, not its own effect alone."
    )


def _figure(title: str, one: SegmentReading) -> tuple[pd.DataFrame, str]:
    effects = _found(one).segments[:_DRAWN]
    scale = 100.0 if one.metric.kind in ("proportion", "retention") else 1.0
    rows = [
        (
            f"{plain(one.column)}: {effect.segment}",
            scale * float(effect.difference.effect_size or 0.0),
            scale * effect.corrected_ci_lower,
            scale * effect.corrected_ci_upper,
        )
        for effect in effects
    ]
    unit = ", in percentage points" if scale > 1 else ""
    who = plain(one.variant)
    how = (
        f"{title}, {one.metric.label}: {who} less control{unit}, with intervals that hold for all "
        "segments together"
    )
    return pd.DataFrame(rows, columns=["label", "effect", "low", "high"]), how


def _found(one: SegmentReading) -> Heterogeneity:
    assert one.found is not None
    return one.found


def _title(one: SegmentReading) -> str:
    by = plain(one.column)
    if one.pvalue_adj is None:
        return f"Too few segments by {by} to be compared"
    if one.differ:
        return f"The effect differs by {by}"
    return f"No difference by {by} is shown"


def _table(usable: list[tuple[str, SegmentReading]]) -> pd.DataFrame:
    rows = []
    several = len({title for title, _ in usable}) > 1
    for title, one in usable:
        what = f"{one.metric.label}, {plain(one.variant)}"
        for effect in _found(one).segments:
            d = effect.difference
            form = Form.of(one.metric, max(abs(d.control or 0.0), abs(d.treatment or 0.0)))
            rows.append(
                (
                    f"{plain(one.column)}: {effect.segment}",
                    f"{title}: {what}" if several else what,
                    form.difference(d.effect_size or 0.0),
                    form.interval(effect.corrected_ci_lower, effect.corrected_ci_upper),
                    _best_guess(effect, form),
                    effect.pvalue_adj,
                )
            )
    names = ["segment", "comparison", "change", "interval", "best_guess"]
    return pd.DataFrame(rows, columns=[*names, "pvalue_adj"], dtype=object)


def _best_guess(effect: SegmentEffect, form: Form) -> str | None:
    if effect.shrunken is None:
        return None
    low, high = effect.shrunken_ci_lower, effect.shrunken_ci_upper
    ends = "" if low is None or high is None else f" ({form.interval(low, high)})"
    return f"{form.difference(effect.shrunken)}{ends}"


def _note(readings: list[tuple[str, SegmentReading]]) -> str:
    parts = []
    for title, one in readings:
        head = f"{title}, {one.metric.label}, {plain(one.variant)}"
        if one.found is None:
            parts.append(f"{head}: {one.reason}")
            continue
        if one.pvalue_adj is None:
            parts.append(f"{head}: {one.found.text}")
        else:
            said = "differ" if one.differ else "are not shown to differ"
            tested = f"{shown_p(one.pvalue_adj)}, for all such tests together"
            parts.append(f"{head}, by {plain(one.column)}: effects {said} ({tested}).")
        left = [f"{name}: {why}" for name, why in one.found.omitted.items()]
        parts += [f"Left out by {plain(one.column)}: {'; '.join(left)}"] if left else []
    return " ".join(dict.fromkeys(parts))
