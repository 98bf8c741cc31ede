"""Known events: what they did before, and what cannot be told."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from workbench.params import EventParams
from workbench.retention.events import days_of, event_factors

BEGIN = date(2024, 1, 1).toordinal()
DAYS = 500
UNTIL = BEGIN + DAYS + 60


def event(title: str, start: str, end: str, **more: Any) -> EventParams:
    return EventParams.model_validate(
        {"title": title, "start": start, "end": end, "explains": ["volume"], **more}
    )


def counts(factor: float, spans: list[tuple[int, int]], mean: float = 20.0) -> np.ndarray:
    rate = np.full(DAYS, mean)
    rate[np.arange(DAYS) % 7 == 5] *= 3  # Saturdays
    for first, last in spans:
        rate[first : last + 1] *= factor
    return np.random.default_rng(1).poisson(rate)


def test_a_planted_factor_is_found_again() -> None:
    spans = [(100, 103), (400, 404)]
    days = [("Fair", (BEGIN + a, BEGIN + b)) for a, b in spans]
    days.append(("Fair", (UNTIL - 10, UNTIL - 7)))
    (found,) = event_factors(counts(2.5, spans), BEGIN, days, until=UNTIL)
    assert found.seen == 2
    assert found.factor == pytest.approx(2.5, rel=0.15)
    assert found.ci_lower is not None
    assert found.ci_upper is not None
    assert found.ci_lower < 2.5 < found.ci_upper
    assert found.ahead == ((UNTIL - 10, UNTIL - 7),)
    # One occurrence alone is taken for less certain.
    (once,) = event_factors(counts(2.5, spans), BEGIN, days[1:], until=UNTIL)
    assert once.seen == 1
    assert once.log_error > found.log_error


def test_days_without_any_purchase() -> None:
    spans = [(200, 201)]
    days = [("Closed", (BEGIN + 200, BEGIN + 201)), ("Closed", (UNTIL - 1, UNTIL))]
    (found,) = event_factors(counts(0.0, spans), BEGIN, days, until=UNTIL)
    assert found.factor is not None
    assert found.factor < 0.1


def test_what_cannot_be_told_has_a_reason() -> None:
    never = [("New", (UNTIL - 3, UNTIL))]
    (found,) = event_factors(counts(1, []), BEGIN, never, until=UNTIL)
    assert (found.factor, found.log_mean) == (None, 0.0)
    assert "not in the past" in found.reason
    days = [("Fair", (BEGIN + 100, BEGIN + 101)), ("Fair", (UNTIL - 3, UNTIL))]
    (found,) = event_factors(counts(1, [], mean=0.2), BEGIN, days, until=UNTIL)
    assert "Too few purchases" in found.reason
    # In the past only, or after what is forecast: nothing to say.
    assert event_factors(counts(1, []), BEGIN, days[:1], until=UNTIL) == ()
    assert (
        event_factors(counts(1, []), BEGIN, [("Fair", (UNTIL + 1, UNTIL + 2))], until=UNTIL) == ()
    )


def test_a_neighbouring_event_does_not_count_as_usual() -> None:
    spans = [(100, 103), (110, 130)]
    days = [
        ("Fair", (BEGIN + 100, BEGIN + 103)),
        ("Sale", (BEGIN + 110, BEGIN + 130)),
        ("Fair", (UNTIL - 3, UNTIL)),
    ]
    busy = counts(4.0, spans)
    (found,) = event_factors(busy, BEGIN, days, until=UNTIL)
    assert found.factor == pytest.approx(4, rel=0.25)


def test_events_of_other_tables_and_kinds_are_left_out() -> None:
    calendar = {
        "a": event("Later", "2024-05-01", "2024-05-02", tables=["orders"]),
        "b": event("Earlier", "2024-04-01", "2024-04-02"),
        "c": event("Other", "2024-04-01", "2024-04-02", tables=["interactions"]),
        "d": event("Till", "2024-04-01", "2024-04-02", explains=["schema"]),
    }
    assert [title for title, _ in days_of(calendar, "orders")] == ["Earlier", "Later"]
