"""What is watched over the metrics of a report: goals, alerts, and plans for decisions.

::

    declared.py    the parameters -> what concerns one report, as plain JSON; wrong report names
    records.py     what came of it: goals, alerts, plans, rules that could not be read
    reading.py     a report's metrics against all that is declared for it
    goals.py       a metric against its target, and against a straight way to it
    alerts.py      rules over metrics, one by one or for many at once
    plans.py       what is due, now that the metrics are known
    rules.py       whether a rule holds, and the sentence that says so
    conditions.py  rules in words
    earlier.py     what earlier editions told of a metric
    spread.py      how unusual a change is among those before it, and how often chance does that
    words.py       numbers, gaps and days as these sentences write them
    asked.py       each department's own list
    hand_over.py   ``alerts.json``, and the schemas of what other systems take in

The language of rules is read by ``workbench.params.rules``. Nothing here reads a clock or a file.
"""

from workbench.suite.watch.asked import Asked, asked_of, by_owner
from workbench.suite.watch.declared import check_watched, declared_for
from workbench.suite.watch.hand_over import alerts_document, schema
from workbench.suite.watch.reading import read_watch
from workbench.suite.watch.records import Alert, Goal, Plan, Unread, Watched

__all__ = [
    "Alert",
    "Asked",
    "Goal",
    "Plan",
    "Unread",
    "Watched",
    "alerts_document",
    "asked_of",
    "by_owner",
    "check_watched",
    "declared_for",
    "read_watch",
    "schema",
]
