"""An edition made again elsewhere, and compared byte for byte.

::

    differ.py     where two files first differ, in words
"""
