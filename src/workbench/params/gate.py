# ruff: noqa: RUF012 - pydantic copies a mutable default for each model
"""What a parameter file may say of the gate: when reports stop, who is who, how long data stay."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from workbench.params.fields import Model

__all__ = ["GateParams", "IdentityParams", "RetainParams", "TableGate"]


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("must be a two-letter ISO 3166 code in capitals, such as GB")
    return code


class TableGate(Model):
    """What must hold for the reports to be made; what is not stated is not asked.

    Parameters
    ----------
    max_quarantine_share
        Of the received rows at most this share may be set aside (0-1).
    max_age_days
        The newest dated row that passed may be this old on the day of the report.
    min_rows
        At least this many rows must pass.
    """

    max_quarantine_share: Annotated[float, Field(ge=0, le=1)] | None = None
    max_age_days: Annotated[int, Field(ge=0)] | None = None
    min_rows: Annotated[int, Field(ge=1)] | None = None


class GateParams(TableGate):
    """The same for all rows of a unit together, and for single tables.

    Parameters
    ----------
    tables
        Canonical table -> what must hold for its own rows.
    """

    tables: dict[str, TableGate] = {}


class IdentityParams(Model):
    """That records of one customer are looked for, and what helps.

    Parameters
    ----------
    country
        ISO 3166 code of the country whose national telephone numbers the customers have; without
        one, only numbers with their country's code are brought into one spelling.
    """

    country: Annotated[str, AfterValidator(_country)] | None = None


class RetainParams(Model):
    """How long data stay, counted back from the suite's ``as_of``.

    Parameters
    ----------
    snapshots_days
        Snapshots of earlier days stay this long; the current one always stays.
    quarantine_days
        Rows that were set aside stay this long, those of the current snapshot too.
    lists_days
        Earlier lists of who was contacted and who was held out stay this long; the newest stays.
    """

    snapshots_days: Annotated[int, Field(ge=1)] | None = None
    quarantine_days: Annotated[int, Field(ge=1)] | None = None
    lists_days: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _something(self) -> RetainParams:
        if self.snapshots_days is self.quarantine_days is self.lists_days is None:
            raise ValueError(
                "states neither `snapshots_days` nor `quarantine_days` nor `lists_days`"
            )
        return self
