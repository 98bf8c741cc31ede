"""Cox regression: what goes with an earlier event, with intervals, and whether it holds over time.

::

    cells.py            rows -> distinct cells, as the likelihood needs them
    likelihood.py       Efron's partial likelihood with exact derivatives
    climb.py            Newton's method; why there may be no maximum
    fit.py              the regression: coefficients, plain and robust errors, hazard ratios
    proportionality.py  whether each effect is the same early and late
    curves.py           survival of customers with given covariates, given survival so far
"""
