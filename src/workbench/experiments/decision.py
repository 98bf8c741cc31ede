"""Ship, do not ship, keep running, or do not decide: the declared rule, applied.

For each variant, the interval of every primary metric is held against nought and against the
smallest effect worth having, and every guardrail's interval against its margin:

- *harmful*: a primary interval lies below nought, or a guardrail's beyond its margin;
- *too small*: a primary interval lies below the smallest effect worth having, and no other is
  worth having;
- *worth having*: a primary interval lies above nought (or, where so declared, above the smallest
  effect worth having), none is harmful, every guardrail is shown to hold, and the estimate brings
  more than it costs, where a value was declared;
- *inconclusive*: anything else.

A failed check, or a primary metric without a number, comes before all: do not decide. Before the
planned end nothing is decided, unless the data may be read early by a sequential method. An
override changes nothing of this; it stands beside it, with its reason and its author.

References
----------
The zones of an interval follow Kruschke, "Rejecting or Accepting Parameter Values in Bayesian
Estimation", AMPPS 1, 2018; non-inferiority by an interval: ICH E9, 1998, section 3.3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from workbench.data.phrases import day, listed
from workbench.experiments.evidence import Evidence, VariantDecision, judge, plain
from workbench.experiments.plan import Plan
from workbench.experiments.verdicts import Check
from workbench.params.experiments import OverrideParams

__all__ = [
    "Decision",
    "Timing",
    "Verdict",
    "decide",
    "planned_looks",
    "timing",
]

_PEEKING = "looking early finds effects that are not there"

Verdict = Literal["ship", "do not ship", "keep running", "do not decide"]


@dataclass(frozen=True)
class Timing:
    """How far an experiment has come.

    Parameters
    ----------
    state
        `not started`, `running` (assignments still come), `waiting` (the last outcomes are not
        known yet), `ended`, or `no end` (none was planned).
    may_decide
        Whether the data may be read for a decision now: at the planned end, or before it by a
        sequential method.
    until
        The day on which the last outcome is known; None without a planned end.
    look
        How many of the planned looks are due by now; None where none are planned.
    """

    state: Literal["not started", "running", "waiting", "ended", "no end"]
    may_decide: bool
    until: date | None
    look: int | None = None


@dataclass(frozen=True)
class Decision:
    """What is to be done with an experiment, by its declared rule.

    Parameters
    ----------
    verdict
        `ship`, `do not ship`, `keep running` or `do not decide`.
    variant
        The variant to ship; None unless the verdict is `ship`.
    text
        The conclusion in one or two plain sentences.
    reasons
        Failed checks first; or why, for the variant that decides.
    planned
        What was declared to be done in this outcome.
    variants
        Each variant on its own.
    override
        A decision that departs from the verdict, or None.
    override_text
        It in a sentence, with reason, author and day; empty without one.
    """

    verdict: Verdict
    variant: str | None
    text: str
    reasons: tuple[str, ...]
    planned: str
    variants: tuple[VariantDecision, ...]
    override: OverrideParams | None = None
    override_text: str = ""

    @property
    def final(self) -> Verdict:
        """Return what is done: the override where there is one, else the verdict."""
        return self.verdict if self.override is None else self.override.decision


def timing(plan: Plan, *, as_of: date, sequential_valid: bool = False) -> Timing:
    """Return how far an experiment has come, and whether it may be read for a decision.

    Parameters
    ----------
    plan
        What was declared.
    as_of
        The day at whose end the data are looked at.
    sequential_valid
        Whether the intervals at hand may be read before the end, as the plan's readings say.
    """
    until = None if plan.end is None else plan.end + timedelta(days=plan.window_days)
    days = planned_looks(plan)
    look = sum(day <= as_of for day in days) if days else None
    if plan.start is not None and as_of < plan.start:
        return Timing("not started", False, until, look)
    if plan.end is None or until is None:
        return Timing("no end", True, None)
    if as_of >= until:
        return Timing("ended", True, until, look)
    early = sequential_valid and plan.readings.method != "fixed" and look != 0
    return Timing("running" if as_of < plan.end else "waiting", early, until, look)


def planned_looks(plan: Plan) -> tuple[date, ...]:
    """Return the days of the planned looks, the last one when the last outcome is known.

    Equally far apart between the planned start and then; empty unless the readings are
    `group-sequential`.
    """
    looks = plan.readings.looks
    if plan.start is None or plan.end is None or not looks:
        return ()
    length = (plan.end - plan.start).days + plan.window_days
    return tuple(
        plan.start + timedelta(days=-(-length * (look + 1) // looks)) for look in range(looks)
    )


def decide(
    plan: Plan, checks: Sequence[Check], evidence: Sequence[Evidence], when: Timing
) -> Decision:
    """Return what is to be done, by the rule that was declared.

    Parameters
    ----------
    plan
        What was declared.
    checks
        All checks of the experiment.
    evidence
        All primary and guardrail comparisons.
    when
        How far the experiment has come.
    """
    each = tuple(
        judge(plan, name, [one for one in evidence if one.variant == name])
        for name in plan.treatments
    )
    failed = tuple(f"{c.label}: failed. {c.text}" for c in checks if c.status == "failed")
    verdict, variant, text, reasons = _concluded(plan, each, evidence, when, failed)
    said = {
        "ship": plan.then.ship,
        "do not ship": plan.then.do_not_ship,
        "keep running": "",
        "do not decide": "",
    }[verdict]
    if verdict == "do not ship" and all(one.outcome == "inconclusive" for one in each):
        said = plan.then.inconclusive or said
    planned = said or (plan.decision if verdict in ("ship", "do not ship") else "")
    return Decision(
        verdict, variant, text, reasons, planned, each, plan.override,
        _override_text(plan.override, verdict),
    )  # fmt: skip


def _concluded(
    plan: Plan,
    each: Sequence[VariantDecision],
    evidence: Sequence[Evidence],
    when: Timing,
    failed: tuple[str, ...],
) -> tuple[Verdict, str | None, str, tuple[str, ...]]:
    """Return verdict, variant to ship, text and reasons."""
    if failed:
        text = "Do not decide on these data: a check failed, so the groups may differ for another"
        return "do not decide", None, f"{text} reason than the change.", failed
    if when.state == "not started":
        return "keep running", None, "The experiment has not begun.", ()
    conclusive = [one for one in each if one.outcome not in ("inconclusive", "unknown")]
    best = _best(each, evidence)
    if not when.may_decide or (when.state in ("running", "waiting") and not _done(each, best)):
        return "keep running", None, _running_text(when, conclusive), ()
    unknown = [one for one in each if one.outcome == "unknown"]
    if unknown:
        reasons = tuple(reason for one in unknown for reason in one.reasons)
        text = "Do not decide on these data: a comparison that decides has no number."
        return "do not decide", None, text, reasons
    if best is not None:
        others = [one.variant for one in each if one is not best and one.outcome == "worth having"]
        also = listed([plain(name) for name in others])
        more = f" {also} {'is' if len(others) == 1 else 'are'} worth having too." if others else ""
        return "ship", best.variant, f"Ship {plain(best.variant)}.{more}", best.reasons
    reasons = tuple(reason for one in each for reason in one.reasons)
    return "do not ship", None, _not_shipped(each), reasons


def _done(each: Sequence[VariantDecision], best: VariantDecision | None) -> bool:
    """Tell whether an early reading says enough: something to ship, or nothing left to hope for."""
    return best is not None or all(one.outcome in ("harmful", "too small") for one in each)


def _running_text(when: Timing, conclusive: Sequence[VariantDecision]) -> str:
    until = f" until {day(when.until)}" if when.until else ""
    what = {
        "waiting": "Keep waiting: the last outcomes are not known",
        "running": "Keep running: the planned end is not reached",
    }.get(when.state, "Keep running")
    wait = f"{what}{until and f', wait{until}'}."
    if not when.may_decide and conclusive:
        return f"{wait} What the numbers seem to say now is not to be read: {_PEEKING}."
    if when.may_decide:
        return f"{wait} At this look, the data do not decide."
    return wait


def _not_shipped(each: Sequence[VariantDecision]) -> str:
    words = {
        "harmful": ("does harm", "do harm"),
        "too small": ("is not worth having", "are not worth having"),
    }
    parts = []
    for outcome, (one, several) in words.items():
        names = [plain(v.variant) for v in each if v.outcome == outcome]
        if names:
            parts.append(f"{listed(names)} {one if len(names) == 1 else several}")
    unsure = [plain(v.variant) for v in each if v.outcome not in words]
    if len(unsure) == 2:
        parts.append(f"neither {unsure[0]} nor {unsure[1]} is shown to be worth having")
    elif unsure:
        who = f"none of {listed(unsure)}" if len(unsure) > 2 else unsure[0]
        tail = "is shown" if len(unsure) > 2 else "is not shown"
        parts.append(f"{who} {tail} to be worth having")
    said = "; ".join(parts)
    text = f"Do not ship. {said[:1].upper()}{said[1:]}."
    if unsure:
        text += " Not shown is not the same as no effect: the intervals say how large it could be."
    return text


def _best(each: Sequence[VariantDecision], evidence: Sequence[Evidence]) -> VariantDecision | None:
    """Return the variant to ship: of those worth having, the one with the largest improvement."""
    ready = [one for one in each if one.outcome == "worth having"]
    if not ready:
        return None

    def size(one: VariantDecision) -> float:
        if one.worth is not None:
            return one.worth.value
        mine = [e for e in evidence if e.variant == one.variant and e.role == "primary"]
        parts = [e.benefit for e in mine if e.benefit is not None]
        return parts[0][1] if parts else 0.0

    return max(ready, key=size)


def _override_text(said: OverrideParams | None, verdict: Verdict) -> str:
    if said is None:
        return ""
    against = "against" if said.decision != verdict else "as"
    return (
        f"{said.author} decided on {day(said.on)}, {against} the rule: {said.decision}. "
        f"Reason: {said.reason.rstrip('.')}."
    )
