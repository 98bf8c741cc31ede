"""Change between loads: each load of a table against the load before.

::

    settings      what is compared, and from which size on a change is large
    figures       counts per bin and category, read by the engine
    measures      stability index, distances and their bootstrap intervals
    categories    which categories may be named
    history       rows that changed in the past
    columns       missing values, categories and distributions, column by column
    compare       all of it, as readable steps
    changes       what is returned of the table: figures, and flags that are computed from them
    shifts        the same of a column's values
    result        all changes of one table
    words         each change as a sentence
"""

from workbench.triage.drift.changes import (
    Change,
    FreshnessChange,
    HistoryChange,
    SchemaChange,
    VolumeChange,
)
from workbench.triage.drift.compare import compare_loads
from workbench.triage.drift.result import TableDrift
from workbench.triage.drift.settings import Limits, Load, Settings, Subject
from workbench.triage.drift.shifts import (
    CategoryChange,
    DistributionChange,
    MissingChange,
    NewCategory,
)

__all__ = [
    "CategoryChange",
    "Change",
    "DistributionChange",
    "FreshnessChange",
    "HistoryChange",
    "Limits",
    "Load",
    "MissingChange",
    "NewCategory",
    "SchemaChange",
    "Settings",
    "Subject",
    "TableDrift",
    "VolumeChange",
    "compare_loads",
]
