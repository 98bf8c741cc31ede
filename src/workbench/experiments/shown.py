"""What an experiment says: effect shown, effect not shown, or do not decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.experiments.plan import Plan
from workbench.experiments.verdicts import Check

__all__ = ["Comparison", "Decision", "Verdict", "decide"]

Verdict = Literal["effect shown", "effect not shown", "do not decide"]


@dataclass(frozen=True)
class Comparison:
    """What the decision needs to know of one primary comparison.

    Parameters
    ----------
    label, variant
        The outcome, and the variant that is compared with the control.
    effect_size
        `treatment - control`; None where there is no number.
    pvalue_adj
        Adjusted over all primary comparisons; None where there is no test.
    reason
        Why there is no test.
    """

    label: str
    variant: str
    effect_size: float | None
    pvalue_adj: float | None
    reason: str = ""


@dataclass(frozen=True)
class Decision:
    """What may be concluded.

    Parameters
    ----------
    verdict
        `effect shown`, `effect not shown` or `do not decide`.
    text
        The conclusion in one or two plain sentences.
    reasons
        The failed checks, or why there is no test; empty otherwise.
    planned
        What was declared to be done with the answer.
    """

    verdict: Verdict
    text: str
    reasons: tuple[str, ...]
    planned: str


def decide(plan: Plan, checks: Sequence[Check], primary: Sequence[Comparison]) -> Decision:
    """Return what an experiment says, by the rule that was declared.

    A failed check, or a primary comparison that could not be tested, means that nothing is
    decided: what is missing may not be missing by chance.

    Parameters
    ----------
    plan
        What was declared.
    checks
        All checks of the experiment.
    primary
        All primary comparisons.
    """
    failed = [
        f"{check.label}: failed. {check.text}" for check in checks if check.status == "failed"
    ]
    untested = [f"{c.label}, {c.variant}: {c.reason}" for c in primary if c.pvalue_adj is None]
    if failed or untested or not primary:
        reasons = tuple(failed + untested) or ("No primary comparison could be made.",)
        head = "Do not decide on these data: " + (
            "a check failed." if failed else "a primary comparison could not be tested."
        )
        return Decision("do not decide", head, reasons, plan.decision)
    shown = [c for c in primary if c.pvalue_adj is not None and c.pvalue_adj < plan.alpha]
    level = f"{plan.alpha:g}"
    if not shown:
        text = (
            f"No effect is shown at alpha {level}, over all primary comparisons together. This "
            "does not prove that there is none: the interval says how large it could still be."
        )
        return Decision("effect not shown", text, (), plan.decision)
    parts = "; ".join(f"{c.label} is {_direction(c)} with {c.variant}" for c in shown)
    missed = [c for c in primary if c not in shown]
    rest = (
        f" Not shown for: {'; '.join(f'{c.label}, {c.variant}' for c in missed)}." if missed else ""
    )
    text = f"An effect is shown at alpha {level}, over all primary comparisons: {parts}.{rest}"
    return Decision("effect shown", text, (), plan.decision)


def _direction(comparison: Comparison) -> str:
    return "higher" if (comparison.effect_size or 0) > 0 else "lower"
