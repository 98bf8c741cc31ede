"""What the words of the reports mean, in plain English; used ones are listed at a report's end."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.errors import NotebookError, one_of

__all__ = ["glossary", "terms", "used_terms"]

# Term -> meaning. A term may list other forms after a bar; the first form is the one shown.
_WORDS: Mapping[str, str] = {
    "accepted|accepted rows": "Rows that passed every check; all figures rest on these alone.",
    "quarantine|quarantined": (
        "Where rows that failed a check are kept, each with its reasons, until somebody mends "
        "them. Nothing is thrown away."
    ),
    "snapshot": (
        "The accepted rows as they stood at one moment. It never changes, so the same report "
        "can be made again."
    ),
    "source": "A file or database that rows come from.",
    "rule|rules": (
        "A condition that is written down beforehand: what a row must fulfil to count, or which "
        "scores make a segment."
    ),
    "duplicate|duplicates|duplicate row|duplicate rows": (
        "A row that stands more than once, the same in every column."
    ),
    "completeness": "The share of rows that have a value in a column.",
    "freshness": "How many days lie between the newest row and the date of the report.",
    "profile": (
        "A short description of a column: how full it is, how many different values it has, "
        "and what they look like."
    ),
    "outlier|outliers": (
        "A value far away from nearly all others; it may be an error or a rare truth."
    ),
    "median": (
        "The middle value: half are smaller, half are larger. One huge order does not move it."
    ),
    "mean|average": "The sum divided by the count. A few very large values can pull it up.",
    "quantile|quantiles|quintile|quintiles|quartile|quartiles": (
        "Cut points that split an ordered list into equal parts: quintiles make five."
    ),
    "distribution": "How often each value occurs: where most lie, and how far the rest spread.",
    "RFM": (
        "Recency, frequency, monetary value: when a customer last bought, how often, and how "
        "much. A simple and sturdy way to sort customers."
    ),
    "recency": "How long ago a customer last bought; the fewer days, the better.",
    "frequency": "How often a customer has bought.",
    "monetary value": "How much a customer has spent, or spends on average.",
    "segment|segments|segmentation": (
        "A group of customers who are alike in what matters for a decision."
    ),
    "cluster|clusters|clustering": (
        "A group that a computer found by likeness, without being told what to look for."
    ),
    "Gini": (
        "How unevenly value is spread: 0 when all customers are worth the same, near 1 when a "
        "few hold nearly everything."
    ),
    "migration": "How many customers moved from one segment to another between two dates.",
    "experiment|experiments|A/B test": (
        "A comparison in which chance decides who gets what, so that a difference can be put "
        "down to the treatment."
    ),
    "control|control group": (
        "Those who got nothing new; they show what would have happened anyway."
    ),
    "variant|variants": "One of the versions that an experiment compares.",
    "randomisation|randomised|random assignment": "Letting chance decide who gets which variant.",
    "confidence interval|confidence intervals|95% interval": (
        "The range of values that fit the data. A 95% interval is made so that, over many "
        "studies, 95 in 100 such ranges hold the true value."
    ),
    "p-value|p-values": (
        "How often chance alone would show a difference at least this large, if in truth "
        "there were none. Small values speak against chance."
    ),
    "significant|statistically significant|significance": (
        "Hard to put down to chance alone. It does not mean large or important."
    ),
    "sample ratio|sample ratio mismatch|SRM": (
        "Whether the variants got the planned shares of customers. If not, something went "
        "wrong in the assignment, and the result cannot be trusted."
    ),
    "lift|uplift": (
        "How many times as common something is in a group as among all others: a lift of 2 means "
        "twice as common. Of an experiment, how much better the change did than the control."
    ),
    "effect|effects|effect size": (
        "The difference that a change made, in the unit of what is measured."
    ),
    "power|statistical power": (
        "The chance that an experiment finds a difference that is really there."
    ),
    "minimum detectable effect|MDE": (
        "The smallest difference that an experiment of this size would reliably find."
    ),
    "multiple testing|multiple comparisons": (
        "Looking at many numbers makes some of them striking by chance; the results are "
        "corrected for it."
    ),
    "winsorised|winsorising|capped values": (
        "Extreme values are set back to a limit, so that a few customers cannot decide the result."
    ),
    "bootstrap": "Measuring uncertainty by drawing again and again from the data at hand.",
    "cohort|cohorts": "Customers who started in the same period, followed together from there.",
    "retention|retention rate": (
        "The share of customers who are still there, or buy again, in a later period."
    ),
    "churn|churned|churn rate": "Customers who left: ended a subscription, or stopped buying.",
    "survival|survival curve": "The share of customers who are still there after a given time.",
    "Kaplan-Meier": "A way to estimate survival that also uses customers who have not left yet.",
    "censored|censoring": (
        "Still active at the date of the report: we know that they stayed at least this long, "
        "not how long they will."
    ),
    "hazard": "The chance of leaving in a period, among those who are still there at its start.",
    "lifetime value|CLV|customer lifetime value": (
        "What a customer is expected to bring in from now on."
    ),
    "active customers|active customer": (
        "Customers who bought, or had a running subscription, in the period."
    ),
    "repeat purchase|repeat purchases|repeat customers": "A purchase after a customer's first one.",
    "logistic regression|logistic": (
        "A simple model of a chance: each fact adds to it or takes from it by its own weight."
    ),
    "boosted trees|boosting": (
        "A model of many small questions, each correcting what the ones before got wrong. It sees "
        "steps and combinations, and needs more data."
    ),
    "log loss": (
        "How far probabilities lay from what happened; the smaller, the better. Being sure and "
        "wrong costs most."
    ),
    "Brier score|Brier": (
        "The mean squared distance between what was said and what happened; 0 is perfect."
    ),
    "calibration|slope of calibration": (
        "Whether probabilities come true: of 100 customers with a risk of 30%, about 30 leave. A "
        "slope of 1 is right; below 1, high risks were too high and low ones too low."
    ),
    "baseline": "A simple forecast that a better one must beat to be worth having.",
    "backtest|backtested": "Checking a forecast on a past that it was not shown.",
    "holdout|held out|held-out": (
        "Customers left alone on purpose, so that the effect of an action can be measured."
    ),
    "suppressed": (
        "Not shown, because the group is so small that single people could be recognised."
    ),
}

_FORMS: dict[str, str] = {form.lower(): key for key in _WORDS for form in key.split("|")}
# The longest form first: "survival curve" before "survival".
_ANY = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(re.escape(f) for f in sorted(_FORMS, key=len, reverse=True))
    + r")(?![\w-])",
    re.IGNORECASE,
)


def _head(key: str) -> str:
    return key.partition("|")[0]


def terms() -> dict[str, str]:
    """Return all terms with their meanings, in alphabetical order."""
    return {_head(key): _WORDS[key] for key in sorted(_WORDS, key=lambda k: _head(k).lower())}


def glossary(term: str) -> str:
    """Return what a term means.

    Parameters
    ----------
    term
        A term or one of its other forms, in any case.

    Raises
    ------
    NotebookError
        When there is no such term.

    Examples
    --------
    >>> glossary("cohorts")
    'Customers who started in the same period, followed together from there.'
    """
    try:
        return _WORDS[_FORMS[term.lower()]]
    except KeyError:
        raise NotebookError(
            f"there is no word `{term}`", where="glossary", fix=one_of(term.lower(), terms())
        ) from None


def used_terms(text: str) -> dict[str, str]:
    """Return the terms that a text uses, with their meanings, in alphabetical order."""
    found = {_FORMS[match[0].lower()] for match in _ANY.finditer(text)}
    return {_head(key): _WORDS[key] for key in sorted(found, key=lambda k: _head(k).lower())}
