"""The experiment of Cirrus Cloud: a reminder before the renewal makes fewer customers leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.data.demo.cirrus.facts import CHURN, EASE, VARIANTS, WINDOW
from workbench.data.demo.experiments import Arms
from workbench.data.demo.shared import Bools, Ints, Times
from workbench.data.demo.subscriptions import Lives
from workbench.data.demo.support import Cases

__all__ = ["Trial", "run_trial", "trial_truth"]


@dataclass(frozen=True)
class Trial:
    """The experiment as its table will show it, one element per assignment in every array.

    Parameters
    ----------
    arms
        Who was assigned to what: those subscribed at that moment.
    renewed
        1 for those still subscribed when the window closes.
    tickets_before
        Support tickets in the 90 days before assignment.
    tenure
        Months subscribed by then.
    """

    arms: Arms
    renewed: Ints
    tickets_before: Ints
    tenure: Ints


def run_trial(drawn: Arms, lives: Lives, cases: Cases) -> Trial:
    """Return the experiment's assignments, outcomes and covariates.

    Parameters
    ----------
    drawn
        A draw for every customer, subscribed at that time or not.
    lives
        First subscription of every customer.
    cases
        Support tickets.
    """
    who, when = drawn.customer, drawn.time.astype("datetime64[D]")
    ended = lives.ended[who]
    end = np.where(ended > 0, lives.renewal[who, ended], np.datetime64("2262-01-01", "D"))
    start = lives.renewal[who, 0]
    active = (start <= when) & (end > when)
    arms = Arms(who[active], drawn.variant[active], drawn.time[active])
    stays = end[active] > when[active] + np.timedelta64(WINDOW, "D")
    span = np.int64(2) ** 32
    keys = np.sort(cases.customer * span + cases.opened.astype(np.int64))
    now = arms.customer * span + arms.time.astype(np.int64)
    before = np.searchsorted(keys, now) - np.searchsorted(keys, now - 90 * 24 * 60)
    return Trial(
        arms=arms,
        renewed=stays.astype(np.int64),
        tickets_before=before.astype(np.int64),
        tenure=(when[active] - start[active]).astype(np.int64) // 30,
    )


def trial_truth(lives: Lives, treated: Bools, at: Times, active: Bools) -> dict[str, Any]:
    """Return the effect of the reminder: what the hazards say with it and without it.

    Parameters
    ----------
    lives
        First subscription of every customer.
    treated, at
        Per customer, whether drawn for the reminder, and when.
    active
        Per customer, whether subscribed at that time.
    """
    since = at.astype("datetime64[D]")[:, None]
    until: Times = np.add(since, np.timedelta64(WINDOW, "D"))
    window = (lives.renewal > since) & (lives.renewal <= until)
    stay = np.where(window, np.log1p(-lives.hazard_untreated), 0.0).sum(axis=1)
    fails = window.sum(axis=1) * np.log1p(-CHURN.payment_failed)
    # With the effect on everybody, treated or not: hazards are proportional.
    gain = np.exp(stay * np.exp(EASE) + fails) - np.exp(stay + fails)
    shares = dict.fromkeys(VARIANTS, 0.5)
    return {
        "planned_shares": shares,
        "actual_shares": shares,
        "in_two_variants": 0,
        "window_days": WINDOW,
        "control": VARIANTS[0],
        "variant_with_effect": VARIANTS[1],
        "hazard_coefficient": EASE,
        "metrics": {
            "renewed_60d": {
                "effect": round(float(gain[active].mean()), 6),
                "effect_on_assigned": round(float(gain[active & treated].mean()), 6),
            }
        },
    }
