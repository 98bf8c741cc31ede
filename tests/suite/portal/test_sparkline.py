from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.portal.sparkline import HEIGHT, WIDTH, Dot, sparkline

DAY = date(2025, 1, 31)
VALUES = st.floats(-1e12, 1e12, allow_nan=False)


def dots(*values: float, gap: int = 30, width: float | None = None) -> list[Dot]:
    return [
        Dot(
            (DAY + timedelta(gap * n)).isoformat(),
            value,
            f"{value:g}",
            None if width is None else value - width,
            None if width is None else value + width,
        )
        for n, value in enumerate(values)
    ]


def places(picture: str, part: str) -> list[tuple[int, int]]:
    """Return the points of a path of the picture."""
    found = re.search(rf'class="{part}" d="([^"]*)"', picture)
    assert found is not None, part
    pairs = re.findall(r"(-?\d+) (-?\d+)", found[1])
    return [(int(x), int(y)) for x, y in pairs]


@given(st.lists(VALUES, min_size=2, max_size=60), st.none() | st.floats(0, 1e6))
def test_every_number_has_a_dot_within_the_picture(
    values: list[float], width: float | None
) -> None:
    picture = sparkline(dots(*values, width=width), "words")
    assert len(places(picture, "wp-dots")) == len(values)
    assert places(picture, "wp-line") == places(picture, "wp-dots")
    parts = ["wp-dots", "wp-last", *(["wp-band"] if width is not None else [])]
    for x, y in (place for part in parts for place in places(picture, part)):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


@given(st.lists(VALUES, min_size=2, max_size=12))
def test_a_greater_number_never_stands_lower(values: list[float]) -> None:
    drawn = [y for _, y in places(sparkline(dots(*values), "words"), "wp-dots")]
    ordered = sorted(zip(values, drawn, strict=True))
    assert [y for _, y in ordered] == sorted(drawn, reverse=True)


def test_the_scale_is_the_series_own() -> None:
    heights = [y for _, y in places(sparkline(dots(0.90, 0.91, 0.92), "words"), "wp-dots")]
    assert heights == [HEIGHT - 10, HEIGHT // 2, 10]


def test_an_interval_belongs_to_the_scale() -> None:
    heights = [y for _, y in places(sparkline(dots(5.0, 5.1, width=1.0), "words"), "wp-dots")]
    assert abs(heights[0] - heights[1]) < HEIGHT / 10


def test_a_series_without_a_move_runs_through_the_middle() -> None:
    assert {y for _, y in places(sparkline(dots(3, 3, 3), "words"), "wp-dots")} == {HEIGHT // 2}


def test_days_stand_by_the_calendar() -> None:
    series = [Dot("2025-01-31", 1, "1"), Dot("2025-02-28", 2, "2"), Dot("2025-12-31", 3, "3")]
    left, middle, right = (x for x, _ in places(sparkline(series, "words"), "wp-dots"))
    assert (middle - left) / (right - left) == pytest.approx(28 / 334, abs=0.01)


def test_there_is_no_band_where_a_number_has_no_interval() -> None:
    series = [*dots(1, 2, width=0.5), Dot("2025-12-31", 2, "2")]
    assert "wp-band" not in sparkline(series, "words")


@pytest.mark.parametrize("text", ['"><script>x()</script>', "' onload='x()", "a\u202eb", "{{ 1 }}"])
def test_words_stay_words(text: str) -> None:
    picture = sparkline(dots(1, 2), text, [text, text])
    tree = ElementTree.fromstring(picture)
    assert {part.tag for part in tree.iter()} == {"svg", "path", "circle", "title"}
    names = {name for part in tree.iter() for name in part.attrib}
    assert names == {"class", "role", "aria-label", "viewBox", "d", "cx", "cy", "r"}
    assert tree.attrib["aria-label"] == text.replace("\u202e", "\ufffd")
    assert "{{" not in picture


def test_the_same_series_gives_the_same_bytes() -> None:
    series = dots(0.1 + 0.2, 1 / 3, 0.7, width=0.05)
    assert sparkline(series, "w") == sparkline(list(series), "w")
