"""The canonical tables: what each column holds, what must be there, and what refers to what.

A contract is a declaration. ``triage`` turns it into checks; a unit may set limits, keys and
severities of its own in its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from workbench.errors import ContractError, one_of

__all__ = [
    "CONTRACTS",
    "CUSTOMER",
    "CUSTOMER_RECORD",
    "RECORD_COLUMN",
    "SQL_TYPES",
    "ColumnContract",
    "Kind",
    "Table",
    "contract",
]

Kind = Literal["id", "text", "money", "quantity", "count", "number", "time", "flag"]

SQL_TYPES: Mapping[Kind, str] = MappingProxyType(
    {
        "id": "VARCHAR",
        "text": "VARCHAR",
        "money": "DECIMAL(18,4)",
        "quantity": "DECIMAL(18,4)",
        "count": "BIGINT",
        "number": "DOUBLE",
        "time": "TIMESTAMP",
        "flag": "BOOLEAN",
    }
)
"""How a snapshot stores each kind: money is decimal, so that its sums are exact."""

CUSTOMER, CUSTOMER_RECORD = "customer_id", "source_customer_id"
"""The column of customers; and that of the records by which sources know them, in snapshots of
units that look for the same customer."""

ABSURD_MONEY = 10_000_000
"""Beyond this an amount of one row is taken for an error, unless a unit sets its own limits."""


@dataclass(frozen=True)
class ColumnContract:
    """One column of a canonical table.

    Parameters
    ----------
    name
        Its canonical name.
    kind
        What it holds; ``SQL_TYPES`` says how it is stored. A ``time`` is the unit's local time.
    about
        What it means, in plain words.
    required
        Whether every row must have a value.
    personal
        Whether it tells who a person is: it then never enters a snapshot in clear.
    lowest, highest
        The plausible range, both ends allowed; None where there is no limit.
    future
        Whether a time after ``as_of`` may be right: the agreed end of a contract, say.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    personal: bool = False
    lowest: float | int | None = None
    highest: float | int | None = None
    future: bool = False


RECORD_COLUMN = ColumnContract(
    CUSTOMER_RECORD, "id", "the record of the customer, as its source knows it"
)
"""The declaration of the column that stands beside ``customer_id`` in such snapshots."""


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Parameters
    ----------
    name, about
        Its name, and what one row of it is.
    columns
        Its columns; others may be carried along under their own names.
    key
        The columns that no two rows may share; empty where rows have no key of their own.
    references
        Column -> the table whose key it must be found in, if the unit has that table.
    order_of_events
        Pairs of times of which the second cannot come before the first.
    clock
        The column that tells how fresh the table is, or None.
    """

    name: str
    about: str
    columns: tuple[ColumnContract, ...]
    key: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    order_of_events: tuple[tuple[str, str], ...] = ()
    clock: str | None = None

    def column(self, name: str) -> ColumnContract | None:
        """Return the declaration of a column, or None when it is carried along."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the canonical names, in order."""
        return tuple(column.name for column in self.columns)


def _id(name: str, about: str, *, required: bool = False) -> ColumnContract:
    return ColumnContract(name, "id", about, required=required)


def _text(name: str, about: str, *, personal: bool = False) -> ColumnContract:
    return ColumnContract(name, "text", about, personal=personal)


def _time(name: str, about: str, *, required: bool = False, future: bool = False) -> ColumnContract:
    return ColumnContract(name, "time", about, required=required, future=future)


def _money(
    name: str, about: str, *, required: bool = False, lowest: int | None = -ABSURD_MONEY
) -> ColumnContract:
    return ColumnContract(
        name, "money", about, required=required, lowest=lowest, highest=ABSURD_MONEY
    )


_CUSTOMER = "the customer's identifier in the CRM"

_TABLES = (
    Table(
        name="customers",
        about="one customer of the unit",
        columns=(
            _id("customer_id", _CUSTOMER, required=True),
            _time("joined_at", "when the customer was first known"),
            _text("country", "country of residence"),
            _text("region", "region within the country"),
            _text("channel", "channel through which the customer came"),
            _text("department", "department that looks after the customer"),
            ColumnContract("birth_year", "count", "year of birth", lowest=1900, highest=2100),
            ColumnContract("marketing_consent", "flag", "whether marketing is allowed"),
            _text("name", "the person's name", personal=True),
            _text("email", "e-mail address", personal=True),
            _text("phone", "telephone number", personal=True),
        ),
        key=("customer_id",),
        clock="joined_at",
    ),
    Table(
        name="orders",
        about="one line of an order; a return is a line with a negative amount",
        columns=(
            _id("order_id", "the order (several lines may share it)", required=True),
            _id("customer_id", _CUSTOMER),
            _time("ordered_at", "when it was ordered", required=True),
            _money("amount", "what the customer pays for the line", required=True),
            _id("product_id", "the product"),
            _text("category", "the product's category"),
            ColumnContract("quantity", "quantity", "units; negative for a return"),
            _money("unit_price", "price of one unit", lowest=0),
            _money("discount", "discount on the line"),
            _money("tax", "tax in the line"),
            _money("cost", "what the line cost the unit"),
            _text("channel", "channel of the order"),
            _id("campaign_id", "campaign that the order is credited to"),
        ),
        references={"customer_id": "customers", "campaign_id": "campaigns"},
        clock="ordered_at",
    ),
    Table(
        name="subscriptions",
        about="one spell of a subscription; a change of plan begins a new spell",
        columns=(
            _id("subscription_id", "the subscription (several spells may share it)", required=True),
            _id("customer_id", _CUSTOMER, required=True),
            _time("started_at", "when the spell began", required=True),
            _time("ended_at", "when the spell ended; empty while it runs", future=True),
            _text("end_reason", "why it ended"),
            _text("plan", "the plan"),
            _money("monthly_amount", "what is paid each month", lowest=0),
        ),
        key=("subscription_id", "started_at"),
        references={"customer_id": "customers"},
        order_of_events=(("started_at", "ended_at"),),
        clock="started_at",
    ),
    Table(
        name="interactions",
        about="one contact of a customer with support or service",
        columns=(
            _id("interaction_id", "the contact", required=True),
            _id("customer_id", _CUSTOMER),
            _time("opened_at", "when it was opened", required=True),
            _time("first_response_at", "when it was first answered"),
            _time("resolved_at", "when it was resolved; empty while it is open"),
            _text("channel", "channel of the contact"),
            _text("topic", "what it is about"),
            _text("priority", "its priority"),
            _text("team", "team that works on it"),
            _id("agent_id", "person who works on it"),
            ColumnContract("reopened", "flag", "whether it was opened again"),
            ColumnContract("satisfaction", "number", "the customer's rating"),
            _text("text", "what was written", personal=True),
        ),
        key=("interaction_id",),
        references={"customer_id": "customers"},
        order_of_events=(("opened_at", "first_response_at"), ("opened_at", "resolved_at")),
        clock="opened_at",
    ),
    Table(
        name="assignments",
        about="one customer's place in one experiment, with any outcomes",
        columns=(
            _id("experiment_id", "the experiment", required=True),
            _id("customer_id", _CUSTOMER, required=True),
            ColumnContract("variant", "text", "the variant that the customer got", required=True),
            _time("assigned_at", "when the customer was assigned"),
        ),
        references={"customer_id": "customers"},
        clock="assigned_at",
    ),
    Table(
        name="touchpoints",
        about="one contact of a campaign with a customer",
        columns=(
            _id("touchpoint_id", "the contact", required=True),
            _id("customer_id", _CUSTOMER, required=True),
            _time("touched_at", "when it happened", required=True),
            _id("campaign_id", "the campaign"),
            _text("channel", "channel of the contact"),
            _money("cost", "what the contact cost", lowest=0),
        ),
        key=("touchpoint_id",),
        references={"customer_id": "customers", "campaign_id": "campaigns"},
        clock="touched_at",
    ),
    Table(
        name="campaigns",
        about="one campaign",
        columns=(
            _id("campaign_id", "the campaign", required=True),
            _text("name", "its name"),
            _text("channel", "its channel"),
            _time("started_at", "when it began", future=True),
            _time("ended_at", "when it ended", future=True),
            _money("cost", "what it cost as a whole", lowest=0),
        ),
        key=("campaign_id",),
        order_of_events=(("started_at", "ended_at"),),
    ),
)

CONTRACTS: Mapping[str, Table] = MappingProxyType({table.name: table for table in _TABLES})
"""Every canonical table, by its name."""

INGEST_ORDER: tuple[str, ...] = tuple(
    sorted(CONTRACTS, key=lambda name: (len(CONTRACTS[name].references), name))
)
"""The tables in an order in which each comes after the tables that it refers to."""


def contract(name: str, *, where: str = "") -> Table:
    """Return the contract of a canonical table.

    Parameters
    ----------
    name
        The table's name.
    where
        Where the name was written, for the message.

    Raises
    ------
    ContractError
        When there is no such table.

    Examples
    --------
    >>> contract("orders").clock
    'ordered_at'
    """
    if name not in CONTRACTS:
        raise ContractError(
            f"`{name}` is no canonical table", where=where, fix=one_of(name, CONTRACTS)
        )
    return CONTRACTS[name]
