"""Do the segments predict? What customers bought after the day on which they were sorted.

::

    capture.py  rankings of customers -> the share of later revenue that the top of each captures
    study.py    segments of an earlier day, put to the test of what came after, in one call
    reading.py  what it says, in sentences
"""
