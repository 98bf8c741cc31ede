"""The parameters of suites and units: YAML files -> typed, frozen models.

``models`` (with ``sources``, ``experiments``, ``measures``, ``watch``, ``calendar``, ``contacts``,
``gate``, ``rules`` and ``fields``) says what a file may hold; ``reading`` turns what is wrong into
a message that names file, key, the nearest known key and what is allowed; ``loading`` lays a unit's
file over its suite's. A report's own parameters are not known here: they are declared by its
notebook alone.
"""

from workbench.params.calendar import CHANGE_KINDS, ChangeKind, EventParams
from workbench.params.contacts import ContactsParams
from workbench.params.experiments import ExperimentParams
from workbench.params.fields import ColumnType, Severity
from workbench.params.gate import GateParams, IdentityParams, RetainParams, TableGate
from workbench.params.loading import (
    REST,
    WHOLE,
    SuiteParams,
    UnitParams,
    list_suites,
    load_suite,
    parse_as_of,
)
from workbench.params.measures import MetricParams
from workbench.params.models import SplitParams
from workbench.params.rules import Rule, parse_rule
from workbench.params.sources import ReadParams, RuleParams, SourceParams, TableParams
from workbench.params.watch import AlertParams, GoalParams, PlanParams

__all__ = [
    "CHANGE_KINDS",
    "REST",
    "WHOLE",
    "AlertParams",
    "ChangeKind",
    "ColumnType",
    "ContactsParams",
    "EventParams",
    "ExperimentParams",
    "GateParams",
    "GoalParams",
    "IdentityParams",
    "MetricParams",
    "PlanParams",
    "ReadParams",
    "RetainParams",
    "Rule",
    "RuleParams",
    "Severity",
    "SourceParams",
    "SplitParams",
    "SuiteParams",
    "TableGate",
    "TableParams",
    "UnitParams",
    "list_suites",
    "load_suite",
    "parse_as_of",
    "parse_rule",
]
