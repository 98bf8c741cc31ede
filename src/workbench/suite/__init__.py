"""The report suite: from notebooks and snapshots to published editions.

declared, notebook, reads, checks
                     a report's parameters, what it needs and reads; the form that it keeps
inputs, plan, keys   units and their data; which jobs there are; what each result depends on
environment, warm, engine, execute, normalise, failure
                     a job in a kernel of its own; the executed notebook, the same bytes each time
render/              executed notebook -> HTML
manifest, editions, secrets, files
                     what an edition says of itself; staged, renamed, served; searched for secrets
contacts/            who of all candidates is contacted: the lists of a unit, settled together
jobs, assemble, run, lock, progress, runlog
                     one job; one unit's edition; all of it in one go, once at a time
status, portal       what is fresh and what is stale, in words; the page that links it all
preflight, health    what is wrong in the files, the sources, the machine
"""

import sys

# Every part of Jupyter imports jsonschema, which then builds a parser of international addresses:
# a second of processor time for each command, and no notebook's schema asks for one. This process
# does without; the one that notebooks are forked from has it again.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
