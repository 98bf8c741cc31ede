"""Whether a name that somebody wrote is one of those that there are."""

from __future__ import annotations

from collections.abc import Collection

from workbench.errors import ParameterError, one_of

__all__ = ["require_report"]


def require_report(name: str, reports: Collection[str], *, where: str) -> None:
    """Refuse a report that the project does not have.

    Parameters
    ----------
    name
        As it was written.
    reports
        The names of all reports.
    where
        File and key, or folder, for the message.

    Raises
    ------
    ParameterError
        When it is none of them, with the nearest name.
    """
    if name not in reports:
        raise ParameterError(f"there is no report `{name}`", where=where, fix=one_of(name, reports))
