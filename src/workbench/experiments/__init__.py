"""Controlled experiments: what was planned, what may be trusted, what is shown, what to do.

::

    plan.py        what was declared before the data were read
    moments.py     assignments -> counts, sums and sums of squares per variant (the only reduction)
    checks.py      may the data be read at all? sample ratio, double assignment, missing outcomes
    estimators.py  differences between two variants, with intervals and p-values
    multiplicity.py  p-values adjusted for the number of comparisons
    decision.py    effect shown, not shown, or do not decide
    reading.py     what it says, in sentences
    study.py       all of it for all experiments of a unit, as the notebook makes it
"""
