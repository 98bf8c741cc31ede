"""Who moved from which segment to which, and what is at stake in it.

::

    moves.py    two assignments of customers to segments -> the flows between them
    study.py    the grid of today at an earlier day, and the moves since, as the notebook makes it
    reading.py  what it says, in sentences
"""
