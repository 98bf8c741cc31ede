"""What sets the segments apart: money, where and what they buy, how much care they need.

::

    behaviour.py  order lines -> one row per customer: money, cost, days in each channel
    lifts.py      which segment prefers which channel and category, with intervals
    money.py      what each segment brings, takes back and leaves as margin
    care.py       how often each segment needs support, and how satisfied it is
    study.py      all of it in one call, as the notebook makes it
    reading.py    what it says, in sentences
"""
