"""What the propensity to leave says, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.data.phrases import share
from workbench.retention.propensity import sentences as tell
from workbench.retention.propensity.acting import AT_RISK_SHARE
from workbench.retention.propensity.quality import Figure
from workbench.retention.propensity.study import Propensity

__all__ = ["PropensityReading", "read_propensity"]

_NO_NUMBER = "customers could not be told apart"
_HOW = (
    "From what was known of each customer on earlier days it is learned who left afterwards. It is "
    "then tried on a later day that had no part in it. Nothing that happened after a day, or might "
    "have been written after it, enters what is said on that day. Where customers cannot be told "
    "apart, this says so."
)
_HOW_SNAPSHOT = (
    "The data are one table with a column that says who has left. From a part of the customers it "
    "is learned what those who left have in common, and it is tried on others. Those who have not "
    "left are then judged by it. Where customers cannot be told apart, this says so."
)
_MEASURES = (
    "Ranked right: of one customer who left and one who stayed, how often the leaver had the "
    "higher risk; 50% is chance. Log loss and Brier score: how far the probabilities lay from what "
    "happened; less is better. Slope of calibration: 1 is right; above it differences between "
    "customers were understated, below it overstated."
)
_HOW_FACTS = (
    "A fact matters as much as the model does worse when that fact is shuffled between the "
    "customers. Where the line stays clear of nought, chance hardly explains it. Facts that say "
    "much the same share what they are worth between them."
)
_HOW_WORTH = (
    "At stake is each customer's probability to leave times what the customer brought in the year "
    "before, or pays in a year. A point of retention is one customer in a hundred who stays and "
    "would have left."
)
_HOW_LIST = (
    f"Of the {share(AT_RISK_SHARE, 0)} of customers with the highest risk, the list holds those "
    "with whom a contact is worth its cost: most at stake first, each with what raises the risk "
    "most and the channel they use. Only those who agreed to marketing can be contacted, and some "
    "of them are left alone by chance, so that a later report can tell what the contact brought."
)
_LIMIT = (
    "A high risk is no reason to think that a contact helps: what it brings is told only by a "
    "comparison with those who are held out of the list."
)
_SNAPSHOT_LIMIT = (
    "The data are one snapshot: nothing shows that what is known of a customer was known before "
    "the customer left."
)


@dataclass(frozen=True)
class PropensityReading:
    """Sentences and numbers of one report, all computed.

    Parameters
    ----------
    how
        How to read all of it: what is learned from, and tried on.
    answer, decision
        Whether those who leave can be told beforehand, and what is to be decided, None for nothing.
    usable
        Whether they can: only then is anything told of today's customers.
    valued
        Whether it is known, too, what customers bring in: only then is there a list.
    reason
        Why there are no numbers; empty where there are.
    apart
        Why there are no customers of today to tell of; empty where there are.
    calibrated
        Whether the probabilities came true.
    measures
        How to read the measures of the models.
    drivers
        What the model looks at, as a sentence.
    chosen
        Which model was used, and why; how it was tried.
    profit
        What contacting earns, and who is worth a contact.
    lifted
        What one point of retention is worth.
    not_used
        What was left out, in a sentence.
    gains_title, gains_alt, calibration_title, calibration_alt, drivers_title, drivers_alt
        Messages and text alternatives of the figures.
    profit_title, profit_alt
        The same of the figure of what contacting earns; empty where there is none.
    how_facts, how_worth, how_list
        How to read what stands below the headings.
    limit
        What the method cannot say.
    expected_label, expected
        What the number is, in a few words; how many of today's customers are expected to leave, or
        None where nobody can say.
    expected_ci
        Its interval as the report room takes it, in whole customers; None without one.
    no_number
        Why it is None.
    lift
        How many times as many leavers the top tenth holds; None without a test.
    lift_ci
        Its interval as the report room takes it.
    """

    how: str
    answer: str
    decision: str | None
    usable: bool
    valued: bool
    reason: str
    apart: str
    calibrated: str
    measures: str
    drivers: str
    chosen: str
    profit: str
    lifted: str
    not_used: str
    gains_title: str
    gains_alt: str
    calibration_title: str
    calibration_alt: str
    drivers_title: str
    drivers_alt: str
    profit_title: str
    profit_alt: str
    how_facts: str
    how_worth: str
    how_list: str
    limit: str
    expected_label: str
    expected: float | None
    expected_ci: tuple[float, float, float, str] | None
    no_number: str
    lift: float | None
    lift_ci: tuple[float, float, float, str] | None


def read_propensity(found: Propensity, *, currency: str) -> PropensityReading:
    """Return the sentences of a study.

    Parameters
    ----------
    found
        The study.
    currency
        ISO code of amounts.
    """
    said = tell.labels(found)
    if found.fit is None:
        return _without(found, said)
    quality = found.fit.chosen.quality
    answer, decision = tell.answer(found, found.fit, said)
    apart = "" if found.useful else (found.reason or f"{tell.capitalised(_NO_NUMBER)}.")
    drivers, drivers_title = tell.drivers(found)
    profit_title = tell.profit_title(found)
    gains_title, calibrated = tell.gains_title(quality), tell.calibrated(found.fit)
    return PropensityReading(
        how=_how(found, said),
        answer=answer,
        decision=decision,
        usable=found.useful,
        valued=found.profit is not None,
        reason="",
        apart=apart,
        calibrated=calibrated,
        measures=_MEASURES,
        drivers=drivers,
        chosen=tell.chosen(found, found.fit, said),
        profit=tell.profit(found, currency),
        lifted=tell.lifted(found, currency),
        not_used=tell.not_used(found),
        gains_title=gains_title,
        gains_alt="A curve over the share of customers contacted, those with the highest risk "
        f"first, beside a straight line for contacts by lot. {gains_title}.",
        calibration_title="Probabilities and what happened",
        calibration_alt="A curve of the share that left over the probability that was said, beside "
        f"the line on which both are the same. {calibrated}",
        drivers_title=drivers_title,
        drivers_alt=f"A point with its interval for each fact. {drivers}",
        profit_title=profit_title,
        profit_alt="A curve of what would have been earned over the share of customers contacted, "
        f"those most at stake first. {profit_title}.",
        how_facts=_HOW_FACTS,
        how_worth=_HOW_WORTH,
        how_list=_HOW_LIST,
        limit=f"{_LIMIT} {_SNAPSHOT_LIMIT}" if found.panel.kind == "snapshot" else _LIMIT,
        expected_label=_expected(found, said),
        expected=_whole(found.expected.value) if found.expected else None,
        expected_ci=_ends(found.expected),
        no_number=apart.rstrip(".") or _NO_NUMBER,
        lift=quality.lift.value,
        lift_ci=quality.lift.ci,
    )


def _how(found: Propensity, said: tell.Labels) -> str:
    if found.panel.kind == "snapshot":
        return _HOW_SNAPSHOT
    return f"{_HOW} {tell.pausing(found, said)}".rstrip()


def _whole(value: float | None) -> float | None:
    return None if value is None else float(round(value))


def _ends(figure: Figure | None) -> tuple[float, float, float, str] | None:
    """Return an interval of customers in whole numbers."""
    if figure is None or figure.ci is None:
        return None
    low, high, level, method = figure.ci
    return float(round(low)), float(round(high)), level, method


def _expected(found: Propensity, said: tell.Labels) -> str:
    """Return what the number of customers expected to leave is; a snapshot tells no time."""
    label = f"Customers expected to {said.leaves}"
    return f"{label}, if they do as others did" if found.panel.kind == "snapshot" else label


def _without(found: Propensity, said: tell.Labels) -> PropensityReading:
    why = found.reason
    text = f"Who will {said.leaves} cannot be said. {why}"
    return PropensityReading(
        how=_how(found, said),
        answer=text,
        decision=None,
        usable=False,
        valued=False,
        reason=why,
        apart=why,
        calibrated="",
        measures=_MEASURES,
        drivers="",
        chosen="",
        profit="",
        lifted="",
        not_used="",
        gains_title="No curve",
        gains_alt=why,
        calibration_title="No curve",
        calibration_alt=why,
        drivers_title="No facts",
        drivers_alt=why,
        profit_title="",
        profit_alt="",
        how_facts=_HOW_FACTS,
        how_worth=_HOW_WORTH,
        how_list=_HOW_LIST,
        limit=f"{_LIMIT} {_SNAPSHOT_LIMIT}" if found.panel.kind == "snapshot" else _LIMIT,
        expected_label=_expected(found, said),
        expected=None,
        expected_ci=None,
        no_number=why.rstrip("."),
        lift=None,
        lift_ci=None,
    )
