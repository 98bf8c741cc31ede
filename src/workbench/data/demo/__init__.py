"""The demo suite's raw data: three invented businesses, simulated from a seed, truth beside them.

The house, from the ground up::

    shared          streams of chance, arrays of text, stable formats
    calendar        days, seasons, weekdays, hours
    names, people   persons who do not exist
    catalogue       products;  purchases: who buys when;  baskets: what is in the basket
    marketing       campaigns and contacts;  support: cases;  experiments: assignments
    subscriptions   who stays subscribed
    write, workbook bytes of every format;  dirt: errors, row by row;  truth: what was planted
    sales           what a shop sold and took back
    atlas           a tidy retailer
    brook           a retailer with two dirty, overlapping sources
    cirrus          a subscription service
    suite           all of it
"""

from workbench.data.demo.suite import UNITS, write_demo
from workbench.data.demo.truth import DemoTruth, UnitTruth, read_truth

__all__ = ["UNITS", "DemoTruth", "UnitTruth", "read_truth", "write_demo"]
