"""The data of a unit: contracts, the engine, sources, snapshots, and the handle of a notebook.

``contracts`` declares the canonical tables; ``engine`` opens DuckDB; ``sources`` turns files and
databases into received rows; ``casts`` and ``expressions`` make SQL that fails safe; ``snapshots``
keeps accepted rows under a digest of their content; ``unit`` is what a notebook opens; ``demo``
simulates three businesses.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.data.unit import Unit, open_unit
else:
    _unit = "workbench.data.unit"
    __getattr__ = lazily(__name__, {"Unit": _unit, "open_unit": _unit})

__all__ = ["Unit", "open_unit"]
