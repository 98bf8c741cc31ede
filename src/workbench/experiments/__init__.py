"""Controlled experiments: what was planned, what may be trusted, what is shown, what to do.

::

    plan.py        what was declared before the data were read
    moments/       assignments -> counts, sums and sums of products per variant (the only reduction)
    checks.py      may the data be read at all? sample ratio, double assignment, missing outcomes
    estimators/    differences between two variants, with intervals and p-values
    sequential/    the same while the experiment runs: anytime-valid, or at planned looks
    heterogeneity.py  effects by declared segments, drawn together, and whether they differ
    multiplicity.py  p-values adjusted for the number of comparisons
    decision.py    effect shown, not shown, or do not decide
    reading.py     what it says, in sentences
    study.py       all of it for all experiments of a unit, as the notebook makes it
"""
