from __future__ import annotations

import base64
import hashlib
import itertools
import os
import subprocess
import sys
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from workbench.errors import NotebookError
from workbench.report import charts, figure, theme
from workbench.report.drawing import tick_writer
from workbench.report.figures import svg_of

SEGMENTS = pd.DataFrame({"name": ["Loyal", "New $5 or $6", "<b>\u202e"], "value": [3e6, 2.0, 0.0]})
CURVE = pd.DataFrame(
    {"week": [0, 1, 2] * 2, "left": [1, 0.8, 0.7, 1, 0.6, 0.6], "plan": ["A"] * 3 + ["B"] * 3}
).assign(low=lambda f: f.left - 0.05, high=lambda f: f.left + 0.05)
TRIANGLE = pd.DataFrame({"cohort": ["2025-01", "2025-02"], 0: [1.0, 1.0], 1: [0.4, np.nan]})
STEPS = pd.DataFrame(
    {"step": ["Before", "New", "Left", "Gone", "After"], "by": [10.0, 4.0, -6.0, -9.5, -1.5]}
)
EFFECTS = pd.DataFrame(
    {"who": ["All", "New"], "e": [0.1, np.nan], "l": [0.05, np.nan], "h": [0.2, np.nan]}
)


def every_chart() -> dict[str, Figure]:
    return {
        "bars": charts.bars(
            SEGMENTS,
            label="name",
            value="value",
            title="T $x$",
            format="money",
            currency="GBP",
            highlight=["Loyal"],
        ),
        "lines": charts.lines(
            CURVE,
            x="week",
            y="left",
            group="plan",
            low="low",
            high="high",
            title="T",
            subtitle="S",
            format="share",
            step=True,
        ),
        "heatmap": charts.heatmap(TRIANGLE, label="cohort", title="T", x_label="Months"),
        "intervals": charts.intervals(
            EFFECTS, label="who", estimate="e", low="l", high="h", title="T", format="share"
        ),
        "waterfall": charts.waterfall(STEPS, label="step", step="by", title="T", currency="EUR"),
    }


@pytest.mark.parametrize("name", ["bars", "lines", "heatmap", "intervals", "waterfall"])
def test_a_chart_is_the_same_bytes_each_time(name: str) -> None:
    first, second = (svg_of(every_chart()[name], salt="x") for _ in range(2))
    assert first == second
    assert first.startswith("<svg")
    assert "<text" not in first
    assert "<metadata" not in first
    assert "matplotlib.org" not in first


def test_another_process_draws_the_same_bytes() -> None:
    code = (
        "import sys, hashlib, pandas as pd; from workbench.report import charts;"
        "from workbench.report.figures import svg_of;"
        "f = pd.DataFrame({'a': ['x', 'y'], 'b': [1, 2]});"
        "s = svg_of(charts.bars(f, label='a', value='b', title='T'), salt='x');"
        "print(hashlib.sha256(s.encode()).hexdigest())"
    )
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    here = svg_of(charts.bars(frame, label="a", value="b", title="T"), salt="x")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()


def test_a_figure_is_recorded_and_closed(shown: Any) -> None:
    fig, axes = plt.subplots()
    axes.plot([1, 2])
    figure(fig, id="f", caption="A line", alt="A rising line", png=True)
    record = shown.last("figure")
    assert record["caption"] == "A line"
    assert record["alt"] == "A rising line"
    assert record["svg"] == shown[-1]["image/svg+xml"]
    assert base64.b64decode(record["png"]).startswith(b"\x89PNG")
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize("words", [{"alt": " ", "caption": "C"}, {"alt": "A", "caption": ""}])
def test_a_figure_needs_words(words: dict[str, str]) -> None:
    with pytest.raises(NotebookError, match="is empty"):
        figure(Figure(), id="f", **words)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: charts.bars(SEGMENTS.head(0), label="name", value="value", title="T"), "no rows"),
        (
            lambda: charts.bars(SEGMENTS, label="nam", value="value", title="T"),
            "Did you mean `name`",
        ),
        (
            lambda: charts.lines(
                pd.DataFrame({"x": range(7), "y": range(7), "g": range(7)}),
                x="x",
                y="y",
                group="g",
                title="T",
            ),
            "cannot be told apart",
        ),
        (
            lambda: charts.heatmap(pd.DataFrame({"c": ["a"]}), label="c", title="T"),
            "no numbers",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(call: Any, match: str) -> None:
    with pytest.raises(NotebookError, match=match):
        call()


@pytest.mark.parametrize("top", [None, 1.0])
def test_a_grid_without_a_number_says_so(top: float | None) -> None:
    grid = pd.DataFrame({"c": ["a", "b"], 0: [np.nan, np.nan], 1: [np.nan, np.nan]})
    fig = charts.heatmap(grid, label="c", title="T", top=top)
    assert "Every cell is too small to be shown" in {text.get_text() for text in fig.axes[0].texts}
    assert "nan" not in svg_of(fig, salt="a").lower()


def test_the_names_of_lines_do_not_cover_each_other() -> None:
    frame = pd.DataFrame(
        {"x": [0, 1] * 4, "y": [1, 0.5, 1, 0.501, 1, 0.502, 1, 0.503], "g": list("aabbccdd")}
    )
    fig = charts.lines(frame, x="x", y="y", group="g", title="T")
    fig.draw_without_rendering()
    boxes = [t.get_window_extent() for t in fig.axes[0].texts if t.get_text() in set("abcd")]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_a_long_message_stays_inside_the_figure() -> None:
    fig = charts.bars(
        SEGMENTS, label="name", value="value", title="word " * 40, subtitle="word " * 60
    )
    fig.draw_without_rendering()
    title = fig.axes[0].get_title(loc="left")
    assert title.count("\n") >= 2
    assert max(map(len, title.splitlines())) <= 75


def test_the_theme_does_not_stay() -> None:
    before = dict(plt.rcParams)
    every_chart()
    assert dict(plt.rcParams) == before


def test_use_sets_the_theme() -> None:
    with plt.rc_context():
        theme.use()
        assert plt.rcParams["svg.fonttype"] == "path"
        assert plt.rcParams["text.parse_math"] is False


# Machado, Oliveira and Fernandes (2009), full severity, in linear RGB.
_EYES = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def _linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", sorted(_EYES))
def test_colours_differ_for_every_eye(eye: str) -> None:
    seen = [_lab(_EYES[eye] @ _linear(colour)) for colour in theme.PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= 27


@pytest.mark.parametrize("colour", theme.PALETTE)
def test_colours_stand_out_on_paper(colour: str) -> None:
    luminance = float(_linear(colour) @ np.array([0.2126, 0.7152, 0.0722]))
    assert 1.05 / (luminance + 0.05) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert theme.contrast("white", "black") == pytest.approx(21)
    assert theme.contrast("#777777", "white") == pytest.approx(4.478, abs=0.001)
    assert theme.contrast("#767676", "white") == pytest.approx(4.542, abs=0.001)


def test_names_keep_the_colour_of_their_line_where_it_can_be_read() -> None:
    assert theme.in_words("#0B5FA5").upper() == "#0B5FA5"
    assert theme.in_words("#04AA63").upper() != "#04AA63"


@pytest.mark.parametrize("kind", ["bars", "lines", "intervals", "waterfall"])
def test_words_can_be_read_on_paper(kind: str) -> None:
    many = pd.concat([CURVE.assign(plan=CURVE["plan"] + more) for more in ("", "2", "3")])
    charts_of = every_chart() | {
        "lines": charts.lines(many, x="week", y="left", group="plan", title="T", subtitle="S")
    }
    words = [text for text in charts_of[kind].findobj(Text) if text.get_text().strip()]
    assert len(words) > 5
    for text in words:
        assert theme.contrast(to_hex(text.get_color()), "white") >= 4.5, text


def test_numbers_can_be_read_on_every_ground() -> None:
    grid = pd.DataFrame({"cohort": ["a"], **{n: [n / 40] for n in range(41)}})
    axes = charts.heatmap(grid, label="cohort", title="T", digits=2).axes[0]
    (cells,) = axes.findobj(QuadMesh)
    cells.update_scalarmappable()
    grounds = dict(enumerate(cells.get_facecolor()))
    written = {int(text.get_position()[0]): text for text in axes.texts if "%" in text.get_text()}
    assert len(written) == 41
    for place, text in written.items():
        assert theme.contrast(to_hex(text.get_color()), to_hex(grounds[place])) >= 4.5


def test_an_estimate_without_an_interval_is_a_point_that_is_clear_of_nothing() -> None:
    rows = pd.DataFrame({"who": ["a", "b"], "e": [0.1, 0.3], "l": [0.05, None], "h": [0.2, None]})
    picture = charts.intervals(rows, label="who", estimate="e", low="l", high="h", title="T")
    points = [line for line in picture.axes[0].lines if line.get_marker() == "o"]
    colours = [to_hex(colour) for colour in (theme.PALETTE[0], theme.GREY)]
    assert [to_hex(line.get_color()) for line in points] == colours
    assert len(picture.axes[0].collections) == 1, "one interval is drawn"


def test_each_step_of_a_waterfall_begins_where_the_one_before_ended() -> None:
    picture = charts.waterfall(STEPS, label="step", step="by", title="T")
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in picture.axes[0].patches]
    assert bars == [(0, 10), (10, 14), (14, 8), (8, -1.5), (0, -1.5)]
    fills = [to_hex(bar.get_facecolor()) for bar in picture.axes[0].patches]
    assert fills[0] == fills[-1] == to_hex(theme.GREY)
    assert fills[1] != fills[2] == fills[3]
    shown = [text.get_text() for text in picture.axes[0].texts]
    assert shown[:3] == ["10", "+4", "\u22126"]


@pytest.mark.parametrize("rows", [STEPS.head(1), STEPS.assign(by=[1.0, np.nan, 1, 1, 2])])
def test_a_waterfall_with_a_hole_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(NotebookError, match="an amount before, one after"):
        charts.waterfall(rows, label="step", step="by", title="T")


@pytest.mark.parametrize(
    ("ends", "value", "shown"),
    [
        ((0.7, 1.6), 1.2, "1.2"),
        ((0.7, 1.6), 1.0, "1.0"),
        ((0.98, 1.03), 1.01, "1.01"),
        ((0.0, 5.0), 1.0, "1"),
        ((0.0, 3.0), 0.5, "0.5"),
        ((0.0, 90_000.0), 20_000.0, "20,000"),
    ],
)
def test_ticks_of_an_axis_have_the_digits_of_its_steps(
    ends: tuple[float, float], value: float, shown: str
) -> None:
    assert tick_writer(ends, "number", None)(value, 0) == shown
