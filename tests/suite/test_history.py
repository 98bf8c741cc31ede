"""The numbers of a unit by day, and the edition that a new one follows."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from workbench.files import canonical
from workbench.suite.editions import Edition, Stage
from workbench.suite.history import (
    HISTORY,
    MOST,
    Point,
    history_json,
    own_point,
    points_of,
    with_own,
)
from workbench.suite.manifest import Entry
from workbench.suite.prior import base_of, earlier_numbers, own_prior, prior_of

METRIC = {
    "id": "revenue",
    "value": 12.5,
    "unit": "GBP",
    "ci": None,
    "label": "Revenue",
    "good": "up",
    "display": "£12.50",
    "headline": True,
}
DAYS = st.dates().map(str)


def entry(report: str, state: str = "ok", as_of: str = "2025-06-30", **metric: object) -> Entry:
    results = {"metrics": [{**METRIC, **metric}]}
    return Entry(report, report, 1, state, as_of=as_of, results=results)  # type: ignore[arg-type]


def test_only_numbers_of_the_day_are_its_own() -> None:
    point = own_point(
        [
            entry("good"),
            entry("failed", "failed"),
            entry("carried", as_of="2025-05-31"),
            entry("empty", value=None),
        ],
        "2025-06-30",
    )
    kept = {key: METRIC[key] for key in ("value", "unit", "ci", "label", "good", "display")}
    assert point == Point("2025-06-30", {"good.revenue": kept})


@given(st.lists(DAYS, max_size=80), DAYS)
def test_a_history_is_in_order_with_one_point_a_day_and_no_later_one(
    days: list[str], own: str
) -> None:
    made = with_own([Point(day, {}) for day in days], Point(own, {"a.b": {}}))
    told = [point.as_of for point in made]
    assert told == sorted(set(told))
    assert made[-1] == Point(own, {"a.b": {}})
    assert len(made) <= MOST
    assert set(told) <= {*days, own}
    assert with_own(made, made[-1]) == made
    assert points_of(history_json(made)) == made


def publish(folder: Path, as_of: str, *, follows: Edition | None = None, **files: str) -> Edition:
    """Publish an edition that holds no more than its day and a history."""
    stage = Stage(folder)
    stage.write("results.json", canonical({"schema": 1, "reports": {}}))
    prior = prior_of(follows)
    points = with_own(prior.points if prior else (), Point(as_of, {"a.b": {"value": 1}}))
    stage.write(HISTORY, canonical(history_json(points)))
    for name, content in (prior.files if prior else {}).items():
        stage.write(name, content)
    head = {"suite": "mini", "unit": "atlas", "as_of": as_of, "reports": {}, "environments": {}}
    if prior:
        head["prior"] = prior.told
    return stage.publish(lambda digests: {**head, "files": dict(digests)})


def test_an_edition_follows_the_served_one(tmp_path: Path) -> None:
    assert base_of(tmp_path, "2025-06-30") is None
    may = publish(tmp_path, "2025-05-31")
    assert base_of(tmp_path, "2025-06-30") == may
    assert base_of(tmp_path, "2025-05-31") == may


def test_what_came_later_is_no_part_of_an_earlier_day(tmp_path: Path) -> None:
    april = publish(tmp_path, "2025-04-30")
    june = publish(tmp_path, "2025-06-30", follows=april)
    assert base_of(tmp_path, "2025-05-31") == april
    assert base_of(tmp_path, "2025-03-31") is None
    assert base_of(tmp_path, "2025-07-31") == june
    known = earlier_numbers({"atlas": tmp_path, "brook": tmp_path / "none"}, "2025-07-31")
    assert [point.as_of for point in known["atlas"]] == ["2025-04-30", "2025-06-30"]
    assert known["brook"] == ()
    assert [p.as_of for p in earlier_numbers({"a": tmp_path}, "2025-06-30")["a"]] == ["2025-04-30"]


def test_what_an_edition_keeps_of_the_one_before_is_read_back(tmp_path: Path) -> None:
    april = publish(tmp_path, "2025-04-30")
    may = publish(tmp_path, "2025-05-31", follows=april)
    assert own_prior(april) is None
    kept = own_prior(may)
    assert kept == prior_of(april)
    assert kept is not None
    assert kept.told == may.manifest["prior"]


def test_a_damaged_copy_is_read_from_the_edition_itself(tmp_path: Path) -> None:
    april = publish(tmp_path, "2025-04-30")
    may = publish(tmp_path, "2025-05-31", follows=april)
    copy = may.folder / "prior" / "results.json"
    copy.chmod(0o644)
    copy.write_text("{}")
    assert own_prior(may) == prior_of(april)


def test_a_damaged_history_is_not_handed_on(tmp_path: Path) -> None:
    april = publish(tmp_path, "2025-04-30")
    history = april.folder / HISTORY
    history.chmod(0o644)
    history.write_text('{"points": [{"as_of": "1999-01-01", "metrics": {}}]}')
    prior = prior_of(april)
    assert prior is not None
    assert [point.as_of for point in prior.points] == ["2025-04-30"]
