"""Retention: who comes back, who stays, and for how long.

::

    periods.py    weeks, months and quarters as whole numbers, in the engine and outside
    cohorts.py    the retention triangle, of orders or of subscriptions
    durations.py  orders or subscriptions -> times to an event, grouped (the reductions)
    survival.py   Kaplan-Meier curves, restricted mean, log-rank test, on grouped times
    maximise.py   maximum likelihood with exact derivatives; parameters with intervals
    purchases/    BG/NBD and Pareto/NBD on grouped customers, forecasts, tracking
    spend.py      what a purchase brings (Gamma-Gamma), and whether that model may be used
    value.py      what future purchases or renewals are worth today
    renewals.py   who renews (shifted-beta-geometric), projected with intervals
    spells.py     subscriptions -> spells that pay (the reduction)
    recurring.py  the recurring-revenue waterfall; recurring_shown.py: as it is shown
    reading.py    what it says, in sentences
    study.py      all of it for a unit of either kind, as the notebook makes it
"""
