"""Cirrus Cloud: a subscription service where support load drives churn; it has no orders.

``facts`` holds what is planted, ``spells`` cuts lives into spells and tickets, ``trial`` is the
experiment, ``world`` lets it happen, ``files`` writes it down, ``unit`` does all of it.
"""

from workbench.data.demo.cirrus.unit import write_cirrus

__all__ = ["write_cirrus"]
