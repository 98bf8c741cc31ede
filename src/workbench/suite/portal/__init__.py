"""The pages that link it all: ``reports/<suite>/index.html`` and ``reports/index.html``.

They are made anew after each run from the served editions, and are the only place where a report's
age and staleness show: an edition itself never changes.

::

    pages.py      gathered, rendered, written
    views.py      what is shown of a unit, as plain values
    unit.py       a unit's served edition -> what is shown of it
    cells.py      how one report of one unit stands
    age.py        how much older than its suite a report is
    trend.py      a metric over editions, and what changed last
    sparkline.py  the picture of that
    attention.py  failures, critical alerts, units without new data
    asked.py      what is asked of each department
    quality.py    rows received, accepted and set aside by department
    tally.py      the suite in a few numbers, and ``portal.json``

Templates, style and the one script (it searches the page) stand in ``suite/templates/``.
"""

from workbench.suite.portal.age import age_in_words
from workbench.suite.portal.pages import portal_page, write_portal

__all__ = ["age_in_words", "portal_page", "write_portal"]
