"""What each column of a table holds, by reductions in the engine.

``rows`` profiles any table; ``table`` does so for the accepted rows of a snapshot, as they go into
its record. ``measures`` counts and adds, ``texts`` looks at shapes (``arrays``) and at what texts
read as, ``suspicion`` says which columns seem to hold personal data.
"""

from workbench.triage.profile.rows import profile_rows
from workbench.triage.profile.table import distinct_received, profile_table

__all__ = ["distinct_received", "profile_rows", "profile_table"]
