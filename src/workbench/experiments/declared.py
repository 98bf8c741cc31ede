"""What was declared, remembered from edition to edition, and what was changed after a reading.

A plan that is changed once the data were seen is no plan. So what was declared at the first reading
is kept with the edition, as plain JSON, and every later change is told in words, for good: one that
is taken back stays told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.data.phrases import day, listed
from workbench.params import ExperimentParams
from workbench.params.experiments import ReadingParams

__all__ = ["Change", "changes", "digest", "readings_in_words", "remember", "told"]

_WORDS = {
    "unit": "the unit of randomisation",
    "control": "the control",
    "start": "the planned start",
    "end": "the planned end",
    "n_obs": "the planned number of units",
    "alpha": "alpha",
    "power": "the power",
    "ship_if": "what must be shown to ship",
    "hypothesis": "the hypothesis",
    "decision": "the decision",
}
_THEN = {
    "ship": "what is done when it is worth having",
    "do_not_ship": "what is done when it is not",
    "inconclusive": "what is done when neither is shown",
}
_ROLE_KEYS = frozenset({"label", "primary"})
_MISSING = "nothing"
_PLURAL = ("metrics", "guardrails", "shares", "segments")


@dataclass(frozen=True)
class Change:
    """One thing that a declaration says otherwise than before.

    Parameters
    ----------
    what
        What was changed, in words: `the primary metric`.
    before, after
        What was declared, and what is; `nothing` where it was, or is, not declared.
    """

    what: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """Return it as a clause: `the primary metric was spend, is bought`."""
        was, is_ = ("were", "are") if self.what.endswith(_PLURAL) else ("was", "is")
        return f"{self.what} {was} {self.before}, {is_} {self.after}"


def digest(declared: ExperimentParams) -> dict[str, Any]:
    """Return a declaration as plain JSON: all of it that a reading rests on.

    Titles, labels and an override are left out: they say nothing of how the data are read.

    Returns
    -------
    dict
        `said` (the declaration; what was left to its default is in it) and `sha256` of that.

    Examples
    --------
    >>> said = ExperimentParams.model_validate({"title": "T", "control": "a",
    ...     "shares": {"a": 0.5, "b": 0.5}, "metrics": {"m": {"kind": "mean", "column": "x"}}})
    >>> digest(said) == digest(said.model_copy(update={"title": "U"}))
    True
    """
    said = declared.model_dump(mode="json", exclude={"title", "override"})
    for part in (*said["metrics"].values(), *said["covariates"].values()):
        part.pop("label", None)
    roles = {name: declared.role(name) for name in declared.metrics}
    for name, role in roles.items():
        said["metrics"][name]["primary"] = role == "primary"
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {"said": said, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}


def changes(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what a declaration says otherwise than an earlier one.

    Parameters
    ----------
    earlier, now
        As :func:`digest` gives them.
    """
    if earlier.get("sha256") == now.get("sha256"):
        return ()
    return tuple(_changes(earlier["said"], now["said"]))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for role, words in (("primary", "the primary metric"), ("guardrail", "the guardrail")):
        before, after = _named(old, role), _named(new, role)
        if before != after:
            more = "s" if max(len(before), len(after)) > 1 else ""
            yield Change(f"{words}{more}", _list(before), _list(after))
    for key, words in _WORDS.items():
        yield from _one(words, old.get(key), new.get(key))
    yield from _one("the planned shares", _shares(old), _shares(new))
    yield from _one("the segments", _list(old.get("segments")), _list(new.get("segments")))
    yield from _one("how often it is read", _readings(old), _readings(new))
    for key, words in _THEN.items():
        yield from _one(words, _within(old, "then").get(key), _within(new, "then").get(key))
    for table, word in (("metrics", "metric"), ("covariates", "covariate")):
        yield from _entries(word, _within(old, table), _within(new, table))


def _entries(word: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            state = ("not declared", "declared")
            yield Change(f"the {word} {name}", state[before is not None], state[after is not None])
            continue
        for key in before:
            # A key that only one of them has came with another version of this package.
            if key in after and key not in _ROLE_KEYS:
                yield from _one(f"{key} of the {word} {name}", before[key], after[key])


def _one(words: str, before: Any, after: Any) -> Iterator[Change]:
    if before != after:
        yield Change(words, _shown(before), _shown(after))


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return _MISSING
    if isinstance(value, Mapping):
        parts = [f"{key} {_shown(part)}" for key, part in value.items() if part is not None]
        return ", ".join(parts) or _MISSING
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).rstrip(".")


def _named(said: Mapping[str, Any], role: str) -> list[str]:
    metrics = _within(said, "metrics")
    if role == "guardrail":
        return [name for name, metric in metrics.items() if metric.get("margin") is not None]
    return [name for name, metric in metrics.items() if metric.get("primary")]


def _within(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = said.get(key) or {}
    return found


def _list(names: Collection[str] | None) -> str:
    return listed(sorted(names)) if names else _MISSING


def _shares(said: Mapping[str, Any]) -> str:
    parts = sorted(_within(said, "shares").items())
    return ", ".join(f"{name} {100 * share:.4g}%" for name, share in parts)


def _readings(said: Mapping[str, Any]) -> str:
    # What another version of this package kept may hold keys that this one does not know.
    known = {k: v for k, v in _within(said, "readings").items() if k in ReadingParams.model_fields}
    return readings_in_words(ReadingParams.model_validate(known))


def readings_in_words(readings: ReadingParams) -> str:
    """Return how often an experiment is read, in words.

    Examples
    --------
    >>> readings_in_words(ReadingParams())
    'once, at the planned end'
    """
    if readings.method == "group-sequential":
        return f"{readings.looks} looks ({readings.spending})"
    return "at any time" if readings.method == "anytime" else "once, at the planned end"


def remember(
    state: Mapping[str, Any] | None,
    declared: Mapping[str, ExperimentParams],
    *,
    as_of: date,
    read: Collection[str],
) -> dict[str, Any]:
    """Return what the next edition must know of the declarations.

    Parameters
    ----------
    state
        What the earlier edition remembered; None or empty where there is none.
    declared
        The unit's experiments now.
    as_of
        The day of this reading.
    read
        Ids of the experiments whose data were read now: only what was read is remembered.

    Returns
    -------
    dict
        Id -> `first_read` (ISO day), `declaration` (as :func:`digest`), `changes`: each `on` (ISO
        day of the reading that saw it) and `text`. Plain JSON; experiments that are no longer
        declared stay in it, with that as their last change.
    """
    kept: dict[str, Any] = {name: dict(one) for name, one in (state or {}).items()}
    on = as_of.isoformat()
    for name, one in kept.items():
        if name not in declared and one.get("declaration") is not None:
            gone = {"on": on, "text": "the experiment is no longer declared"}
            kept[name] = {**one, "declaration": None, "changes": [*one["changes"], gone]}
    for name, said in declared.items():
        now = digest(said)
        if name not in kept:
            if name in read:
                kept[name] = {"first_read": on, "declaration": now, "changes": []}
            continue
        before = kept[name]["declaration"]
        back = Change("the experiment", "not declared", "declared")
        seen = (back,) if before is None else changes(before, now)
        new = [{"on": on, "text": change.text} for change in seen]
        kept[name] = {
            **kept[name], "declaration": now, "changes": [*kept[name]["changes"], *new],
        }  # fmt: skip
    return dict(sorted(kept.items()))


def told(state: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return every change of a declaration after its first reading, as sentences.

    Parameters
    ----------
    state
        As :func:`remember` gives it.
    name
        The experiment's id.
    """
    one = state.get(name)
    if not one:
        return ()
    first = day(date.fromisoformat(one["first_read"]))
    return tuple(
        f"{change['text'][:1].upper()}{change['text'][1:]}; changed after the first reading on "
        f"{first}, seen on {day(date.fromisoformat(change['on']))}."
        for change in one["changes"]
    )
