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

The calls: `measure_behaviour`, `find_groups`, `Grouping.read` and `Grouping.assign`.
"""
