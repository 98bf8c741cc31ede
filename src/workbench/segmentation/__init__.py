"""Segmentation: which customers hold the value, and which of them are slipping away.

::

    rfm.py            order lines -> one row per customer
    scores.py         customers -> recency, frequency and money scores, with their cut points
    grid.py           the table of rules that names a segment for each combination of scores
    segments.py       what each segment holds; groups that are too small are merged
    concentration.py  how much of the revenue the top customers hold
    actions.py        customers to act on, each with the reason
    reach.py          consent to marketing, best channel, margin so far
    study.py          all of it in one call, as the notebook makes it
    reading.py        what it says, in sentences
    assigned.py       which customer is in which segment, however the segments were found
    outcome.py        what a list of an earlier day brought: contacted against held out
    profiles/         what sets the segments apart: money, channels, categories, support
    migration/        who moved from which segment to which, and what is at stake
    forward/          do the segments predict what comes after?
"""
