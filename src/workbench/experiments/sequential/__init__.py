"""Reading an experiment while it runs, without fooling oneself.

A fixed-time interval holds for one look, planned beforehand; read every day it errs in a third of
all experiments. Two ways out::

    always.py     anytime-valid: look whenever, stop whenever; wider than at one look
    bounded.py    the same without any large-sample argument, for outcomes between known bounds
    proportions.py  the same for proportions, exact
    boundaries.py group-sequential: a few planned looks, almost as narrow as one look
"""

from workbench.experiments.sequential.always import (
    AnytimeInterval,
    always_valid_difference,
    tuning_of,
)
from workbench.experiments.sequential.boundaries import (
    Boundaries,
    Look,
    boundaries,
    classical_boundaries,
    read_look,
)
from workbench.experiments.sequential.bounded import (
    BoundedSequence,
    bounded_difference,
    bounded_sequence,
)
from workbench.experiments.sequential.proportions import (
    always_valid_proportion,
    always_valid_proportions,
)

__all__ = [
    "AnytimeInterval",
    "Boundaries",
    "BoundedSequence",
    "Look",
    "always_valid_difference",
    "always_valid_proportion",
    "always_valid_proportions",
    "boundaries",
    "bounded_difference",
    "bounded_sequence",
    "classical_boundaries",
    "read_look",
    "tuning_of",
]
