"""A customer erased from what the workbench itself wrote for a unit, and kept out from then on.

::

    tombstones.py   who is forgotten, as salted hashes: nothing that names a person
    person.py       whether a cell or a line is about the person
    received.py     received rows, now and at each later ingest
    files.py        rows taken out of a CSV or Parquet file, in one step
    owner_only.py   rows set aside, suspected cells, action lists, who is the same customer
    lists.py        lists that the owner answers: pairs to review, repairs
    snapshots.py    which snapshots hold the person

What is published is the suite's affair: ``workbench.suite.forget`` goes on from here.
"""
