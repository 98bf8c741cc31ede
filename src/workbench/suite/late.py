"""What jobs and lists need, imported when there are any, and without what slows that down."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from types import ModuleType

__all__ = ["import_contacts", "import_jobs"]

_UNUSED = "rfc3987_syntax"
"""jsonschema checks addresses with it where it is installed, and builds a grammar for a second on
import. No notebook has an address to check; without it jsonschema goes on as if it were not there.
"""
_lock = threading.Lock()


def import_jobs() -> ModuleType:
    """Return ``workbench.suite.jobs``: a run with nothing to do should not wait for its imports."""
    with _lock:
        known = sys.modules.get(_UNUSED)
        if known is None:
            sys.modules[_UNUSED] = None  # type: ignore[assignment]
        try:
            return import_module("workbench.suite.jobs")
        finally:
            if known is None:
                sys.modules.pop(_UNUSED, None)


def import_contacts() -> ModuleType:
    """Return ``workbench.suite.contacts.unit``: only who settles lists should wait for it."""
    return import_module("workbench.suite.contacts.unit")
