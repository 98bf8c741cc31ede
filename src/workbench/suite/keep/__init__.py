"""Editions that are kept: which there are, which is shown, which may go.

::

    rows.py       what there is, and whether it is whole
    rollback.py   shows an earlier edition again
    pruning.py    removes old editions, and data that no edition needs
    portal.py     the portal after that
"""

from workbench.suite.keep.pruning import Going, Pruning, Staying, Wish, prune
from workbench.suite.keep.rollback import RolledBack, roll_back
from workbench.suite.keep.rows import Kept, kept_editions, size_words

__all__ = [
    "Going",
    "Kept",
    "Pruning",
    "RolledBack",
    "Staying",
    "Wish",
    "kept_editions",
    "prune",
    "roll_back",
    "size_words",
]
