"""Retention: who comes back, who stays, and for how long.

::

    periods.py    weeks, months and quarters as whole numbers, in the engine and outside
    cohorts.py    the retention triangle, of orders or of subscriptions
    durations.py  orders or subscriptions -> times to an event, grouped (the reductions)
    survival.py   Kaplan-Meier curves, restricted mean, log-rank test, on grouped times
    reading.py    what it says, in sentences
    study.py      all of it for a unit of either kind, as the notebook makes it
"""
