"""Groups of customers who behave alike, where there are any.

::

    traits.py      what is measured of a customer, and what to call much or little of it
    behaviour.py   order lines -> one row of raw measures per customer (the only reduction)
    scaling.py     raw measures -> one scale, as a handful of numbers that can be published
    kmeans.py      centres by k-means, the same on any number of threads
    fitting.py     rules that put customers into groups: nearest centre, or most likely group
    silhouette.py  how clear groups are: the exact silhouette of several groupings at once
    agreement.py   how far two groupings agree: the adjusted Rand index
    stability.py   how far two analysts with other customers would agree, with an interval
    references.py  customers without groups, to compare with
    choosing.py    how many groups
    grouping.py    a published grouping, which puts later customers into the same groups
    groups.py      all of it in one call, or the reason why there are no groups
    contrasts.py   what sets a group apart, trait by trait
    naming.py      names for groups, drawn from what sets them apart
    tree.py        a shallow tree that restates groups, on round numbers
    ordering.py    its leaves, in an order in which each condition is short
    rules.py       the tree as rules to read, and how often they are right
    matching.py    which groups are those of the earlier edition: names and colours
    continuing.py  whether the earlier rule stays, or the new clustering is published
    study.py       from order lines to named groups, and what is handed on to the next edition
    reading.py     what it says, in sentences
"""
