"""Purchase models of customers without a contract: how often they buy, and whether they still do.

::

    cells.py      customers with equal (frequency, recency, T) are one row with a count
    bgnbd.py      BG/NBD: the likelihood, P(alive), expected purchases and their distribution
    paretonbd.py  Pareto/NBD: the same
    nbd.py        NBD: the same, for customers of whom none seems to leave
    fits.py       each model by maximum likelihood, with standard errors, or why there is no fit
    drawing.py    what the models share when futures are drawn: who still buys, and a clock
    counting.py   repeat purchases by period, from order lines (the reduction)
    log.py        purchase days, and what was known of customers on a day (the reduction)
    spending.py   what the next purchases of known customers bring
    season.py     how much faster or slower all buy in each month of the year
    seasons.py    the season of known customers, and customers on its clock
    outlook.py    orders, active customers and revenue by period, with events, as drawn futures
    shocks.py     how far periods differ beyond chance: weeks that move together, campaigns
    forecast.py   repeat purchases of all customers by period, with predictive intervals

``frequency`` counts repeat purchases, ``recency`` is the time from the first purchase to the last,
``T`` the time from the first purchase to the end of what was observed, all in one unit of time
(Fader & Hardie). A model says nothing of the money: that is :mod:`workbench.retention.value`.
"""
