"""A customer forgotten: erased from all that the workbench wrote, and kept out from then on.

::

    sites.py       which folders belong together, and who the customer is in them
    erasing.py     one site, step by step; a run after a crash goes on where it stopped
    published.py   editions and run logs
    remains.py     what is still there afterwards
    forgetting.py  all sites of a suite
"""

from workbench.suite.forget.erasing import Erased
from workbench.suite.forget.forgetting import Forgotten, forget

__all__ = ["Erased", "Forgotten", "forget"]
