"""Would the forecasts have been right? Every model, beside naive ones, from earlier days on.

::

    origins.py    from which earlier days it is tried, and how much data it needs
    trials.py     what was forecast from one of them, and what came
    naive.py      forecasts of purchases without a model
    purchases.py  the trials of the purchase models
    churning.py   forecasts of subscriptions without a model, and the trials of the renewal model
    scores.py     errors, and how often the intervals held what came
    verdict.py    the rule: whether a forecast is published

A forecast from an earlier day sees what was known at its end and nothing else. Dates of events in a
unit's calendar are known beforehand; what they do is learnt from the past.
"""
