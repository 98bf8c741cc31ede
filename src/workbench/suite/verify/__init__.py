"""An edition made again elsewhere, and compared byte for byte.

::

    inputs.py     whether all that an edition was made from is still here
    rebuild.py    its reports, and all that it tells beside them, made again in a scratch folder
    checking.py   the edition, the files that differ, and where
    differ.py     where two files first differ, in words
"""

from workbench.suite.verify.checking import Difference, Verified, verify

__all__ = ["Difference", "Verified", "verify"]
