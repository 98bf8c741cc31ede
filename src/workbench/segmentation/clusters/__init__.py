"""Groups of customers who behave alike, where there are any.

::

    traits.py      what is measured of a customer, and what to call much or little of it
    behaviour.py   order lines -> one row of raw measures per customer (the only reduction)
"""
