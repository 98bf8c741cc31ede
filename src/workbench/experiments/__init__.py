"""Controlled experiments: what was planned, what may be trusted, what is shown, what to do.

::

    plan.py        what was declared before the data were read
    declared.py    what was declared, remembered; what was changed after a reading, in words
    setting.py     what decides a plan's power
    crossing.py, dunnett.py   boundaries for several looks, and for several variants
    design.py      units for an effect, effects for units, power, duration
    curves.py      the same as curves, and a declared plan reviewed
    windows.py     rows of a table -> sums per customer in windows around the assignment
    metrics.py     orders and interactions -> outcome and covariate columns of the assignments
    prepare.py     one experiment of a unit, with its plan and all of its columns
    tally.py       assignments -> units by day and segment
    verdicts.py    a check: what was found, and what to do
    sample_ratio.py, spread.py, balance.py   groups as planned; on each day; alike before
    checks.py      all checks of an experiment: may the data be read at all?
    moments/       assignments -> counts, sums and sums of products per variant (the only reduction)
    estimators/    differences between two variants, with intervals and p-values
    sequential/    the same while the experiment runs: anytime-valid, or at planned looks
    heterogeneity.py  effects by declared segments, drawn together, and whether they differ
    multiplicity.py  p-values adjusted for the number of comparisons
    evidence.py    one variant's comparisons held against what was declared
    value.py       what an effect is worth in a year, chance of harm, expected loss
    decision.py    ship, do not ship, keep running, or do not decide
    sums.py        all that the comparisons of one experiment are made from
    comparing.py   one comparison, by the estimator that its outcome needs
    pace.py        how often it is read, and the interval for that
    segment_effects.py  effects by declared segments, and whether they differ
    data_checks.py, baselines.py  checks of covariates and columns; the control's outcomes
    result.py      what is found, as frames
    study.py       all of it for all experiments of a unit, as the notebook makes it
    wording.py, answers.py, reading.py, segment_reading.py, power_reading.py
                   what it says, in sentences and tables
"""
