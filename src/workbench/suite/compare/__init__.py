"""What changed between two editions of a unit: pure functions over what both tell.

Modules
-------
- ``told``: what is compared, and ``sides``: from where it is read.
- ``model``: what changed; ``amounts``: changes as text.
- ``noise``: whether a change of a number is more than noise.
- ``metrics``, ``findings``: numbers, and sentences to decide on.
- ``parts``: segments and other parts of a whole; lists of customers to act on.
- ``cause``: data, day, parameters, code, environment; the reports; the rows of each source.
- ``words``: the answer in a few sentences.
- ``whole``: all of it together, and as JSON; ``page``: as a page;
  ``plain``: as tables of a terminal.
"""

from __future__ import annotations

from workbench.suite.compare.model import Changes
from workbench.suite.compare.page import changes_page
from workbench.suite.compare.told import Told
from workbench.suite.compare.whole import changes_json, compare

__all__ = ["Changes", "Told", "changes_json", "changes_page", "compare"]
