"""Retention: who comes back, who stays, and for how long.

::

    periods.py    weeks, months and quarters as whole numbers, in the engine and outside
    cohorts.py    the retention triangle, of orders or of subscriptions
    durations.py  orders or subscriptions -> times to an event, grouped (the reductions)
    times.py, covariates.py   what the models of survival share
    survival.py   Kaplan-Meier curves and restricted means, given survival so far
    log_rank.py   whether curves differ by more than chance
    remaining.py  what is still to come, given what has passed
    cox/          Cox regression on grouped times
    hazard.py     discrete-time hazard for many covariates (hazard_cells.py, hazard_fit.py)
    hazard_effects.py  effects that differ between parts of time, with intervals (hazard_parts.py)
    drivers.py    what goes with leaving sooner; drivers_over_time.py: early and late, where the two
                  differ; drivers_reading.py: in sentences
    revenue.py    the revenue triangle; revenue_reading.py: in sentences
    first_touch.py  both triangles by what came first; first_touch_reading.py: in sentences
    propensity/   who is about to leave, why, and what it is worth to keep them
    maximise.py   maximum likelihood with exact derivatives; parameters with intervals
    purchases/    BG/NBD and Pareto/NBD on grouped customers, forecasts, tracking
    spend.py      what a purchase brings (Gamma-Gamma), and whether that model may be used
    value.py      what future purchases or renewals are worth today
    renewals.py   who renews (shifted-beta-geometric), projected with intervals
    spells.py     subscriptions -> spells that pay (the reduction)
    recurring.py  the recurring-revenue waterfall; recurring_shown.py: as it is shown
    spans.py      periods that are counted from the last day of the data
    events.py     what known events did, and so will do again
    contracts.py  subscriptions as they were known on a day (the reduction)
    renewing.py   what becomes of the subscriptions that run
    futures.py    drawn futures of several numbers, and what they say
    worth.py      what customers are worth, by group, or why that is withheld
    backtest/     every forecast from earlier days, beside naive ones; the rule to publish
    forecasts.py  all forecasts of a unit; forecast_results.py and forecast_judged.py: what they
                  are, and how each passes the rule; forecast_shown.py, forecast_reading.py and
                  forecast_words.py: as they are drawn, listed and said
    reading.py    what retention says, in sentences
    study.py      retention of a unit of either kind, as the notebook makes it
"""
