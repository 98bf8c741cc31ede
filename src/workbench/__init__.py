"""A customer-analytics workbench: notebooks that become reproducible reports for business units.

The house, from the ground up (imports point downwards only)::

    errors, workspace, files
                         messages; where the folders are; writes that survive a crash
    params               YAML files -> typed, frozen models
    data                 contracts, engine, sources, snapshots, the unit handle, the demo suite
    triage               the gate that every row passes
    ingest               sources -> triage -> snapshot
    segmentation, experiments, retention
                         the analyses; they know data at most, never each other
    report               what a notebook shows: findings, metrics, tables, figures
    suite                plan, execute, render, editions, portal
    cli                  arguments and exit codes
"""

from importlib.metadata import version

__version__ = version("workbench")
__all__ = ["__version__"]
