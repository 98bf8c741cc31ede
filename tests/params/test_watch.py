"""Goals, alerts and plans in the parameter files: what is merged, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from workbench.errors import ParameterError
from workbench.params import UnitParams

SUITE = """
goals:
  retention.repeat-rate: {target: 35%, direction: up, by: 2025-12-31}
  triage.age: {target: 7, direction: down}
alerts:
  churn: {metric: retention.churn, when: "> 0.3", severity: critical, owner: CRM, why: It costs.}
  jump: {metric: "segmentation.*", when: change > 3 sigma of the last 8 editions}
plans:
  voucher: {report: retention, decision: "Voucher?", when: churn > 20%, do: Send it, by: 2025-07-31}
"""
Load = Callable[..., UnitParams]


def test_what_is_declared(load: Load) -> None:
    unit = load()
    goal = unit.goals["retention.repeat-rate"]
    assert (goal.target, goal.direction, goal.by, goal.owner) == (
        0.35,
        "up",
        date(2025, 12, 31),
        "",
    )
    assert unit.alerts["churn"].rule.text == "retention.churn > 0.3"
    assert unit.alerts["jump"].severity == "warning"
    plan = unit.plans["voucher"]
    assert plan.rule is not None
    assert plan.rule.text == "retention.churn > 20%"


def test_a_unit_lies_over_the_suite_by_key(load: Load) -> None:
    unit = load(
        """
goals:
  retention.repeat-rate:
    target: 0.4
    direction: up
    by: 2026-01-31
    from: {value: 30%, on: 2025-01-01}
  retention.other: {target: 1, direction: down}
alerts: {churn: , own: {when: retention.churn > 0.5}}
plans: {win: {report: segmentation, decision: "Win?", do: Call}}
"""
    )
    assert set(unit.goals) == {"retention.repeat-rate", "triage.age", "retention.other"}
    start = unit.goals["retention.repeat-rate"].start
    assert start is not None
    assert (start.value, start.on) == (0.3, date(2025, 1, 1))
    assert set(unit.alerts) == {"jump", "own"}  # an empty entry takes the suite's away
    assert unit.alerts["own"].rule.metric == "retention.churn"
    assert set(unit.plans) == {"voucher", "win"}
    assert unit.plans["win"].rule is None


def test_no_report_sees_them(load: Load) -> None:
    """They are read after a report ran: a new goal is no reason to run an analysis again."""
    assert not {"goals", "alerts", "plans"} & set(load().facts())


@pytest.mark.parametrize(
    ("unit", "where", "said"),
    [
        ("goals: {repeat: {target: 1, direction: up}}", "goals.repeat", "`report.metric`"),
        ("goals: {a.*: {target: 1, direction: up}}", "goals.a.*", "`report.metric`"),
        ("goals: {a.b: {target: 1, direction: upp}}", "direction", "`up`"),
        ("goals: {a.b: {target: 1}}", "direction", "State it"),
        ("goals: {a.b: {target: '1,200', direction: up}}", "target", "no mark between thousands"),
        ("goals: {a.b: {target: true, direction: up}}", "target", "number"),
        ("goals: {a.b: {targt: 1, direction: up}}", "goals.a.b.targt", "`target`"),
        ("goals: {a.b: {target: 1, direction: up, form: {}}}", "goals.a.b.form", "`from`"),
        ("goals: {a.b: {target: 1, direction: up, start: {}}}", "goals.a.b.start", "from"),
        (
            "goals: {a.b: {target: 1, direction: up, from: {value: 0, on: 2025-01-01}}}",
            "goals.a.b",
            "`from` needs `by`",
        ),
        (
            "goals: {a.b: {target: 1, direction: up, by: 2025-01-01, "
            "from: {value: 0, on: 2025-01-01}}}",
            "goals.a.b",
            "before `by`",
        ),
        (
            "goals: {a.b: {target: 1, direction: down, by: 2026-01-01, "
            "from: {value: 0, on: 2025-01-01}}}",
            "goals.a.b",
            "above `target`",
        ),
        (
            "goals: {a.b: {target: 1, direction: up, by: 2026-01-01, from: {val: 0, on: x}}}",
            "goals.a.b.from.val",
            "`value`",
        ),
        ('alerts: {x: {metric: a.b, when: ">> 3"}}', "alerts.x.when", "`change < -10%`"),
        ('alerts: {x: {metric: a.b, when: "> 1,200"}}', "alerts.x.when", "`1200`"),
        ('alerts: {x: {metric: b, when: "> 1"}}', "alerts.x.metric", "`report.metric`"),
        ('alerts: {x: {when: "> 1"}}', "alerts.x", "`metric: report.metric`"),
        ("alerts: {x: {when: churn > 1}}", "alerts.x", "`metric: report.metric`"),
        ("alerts: {x: {metric: a.b, when: c > 1}}", "alerts.x", "state one"),
        ("alerts: {x: {metric: a.b, when: b > 1, severity: bad}}", "severity", "critical, warning"),
        ("alerts: {X: {metric: a.b, when: b > 1}}", "alerts.X", "lower-case"),
        ("alerts: {x: {metric: a.b, whn: b > 1}}", "alerts.x.whn", "`when`"),
        ("alerts:\n  x:\n    metric: a.b\n    when: > 0.3\n", "line", "in quotes"),
        ('plans: {x: {report: a, decision: D, do: E, when: "> 3"}}', "plans.x", "metric of `a`"),
        ("plans: {x: {report: a, decision: D, do: E, when: b.c > 3}}", "plans.x", "report, `a`"),
        ("plans: {x: {report: a, decision: D}}", "plans.x.do", "State it"),
        ("plans: {x: {report: a, decision: D, do: E, by: soon}}", "plans.x.by", "YYYY-MM-DD"),
    ],
)
def test_each_mistake_names_file_key_and_remedy(
    load: Load, unit: str, where: str, said: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        load(unit)
    assert caught.value.where.startswith("params/demo/atlas.yml")
    assert where in caught.value.where
    assert said in caught.value.fix
