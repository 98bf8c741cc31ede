"""Atlas Outfitters: a tidy retailer with five kinds of customers and three experiments.

``facts`` holds what is planted, ``world`` lets it happen, ``trials`` counts the experiments'
outcomes, ``files`` writes it down with a few errors, ``unit`` does all of it.
"""

from workbench.data.demo.atlas.unit import write_atlas

__all__ = ["write_atlas"]
