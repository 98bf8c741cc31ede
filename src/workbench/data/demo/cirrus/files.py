"""How Cirrus Cloud writes things down: its raw files, with the few errors that every export has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from workbench.data.demo.cirrus.facts import VARIANTS
from workbench.data.demo.cirrus.world import CirrusWorld
from workbench.data.demo.dirt import (
    Dirt,
    Planted,
    RawTable,
    all_planted,
    four_years_before,
    totals_of,
)
from workbench.data.demo.people import full_names
from workbench.data.demo.shared import Texts, day_text, fixed, numbered, texts, time_text
from workbench.data.demo.write import csv_bytes, gzip_bytes, jsonl_bytes, parquet_bytes, put

__all__ = ["cirrus_files"]

_PLANS = (("Basic", 19), ("Team", 59), ("Business", 189))


def cirrus_files(
    folder: Path, world: CirrusWorld, rng: np.random.Generator
) -> tuple[dict[str, dict[str, int | str]], tuple[Planted, ...]]:
    """Write all raw files; return the totals per table and source, and the planted errors."""
    subscriptions = _dirty_subscriptions(rng, _subscriptions(world))
    cases = _dirty_cases(rng, _cases(world))
    plain = {
        "customers/accounts": ("cirrus/customers.parquet", _customers(world)),
        "touchpoints/outreach": ("cirrus/touchpoints.parquet", _touches(world)),
        "campaigns/outreach": ("cirrus/campaigns.csv", _campaigns(world)),
        "assignments/growth": ("cirrus/assignments.csv", _assignments(world)),
    }
    tables = [subscriptions, cases]
    for name, (file, columns) in plain.items():
        canonical, source = name.split("/")
        tables.append(Dirt(rng, (file, canonical, source), columns).finish())
    for table in tables:
        put(folder / table.file, _bytes(table))
    totals = {f"{t.table}/{t.source}": totals_of(t) for t in tables}
    return totals, all_planted(tables)


def _bytes(table: RawTable) -> bytes:
    if table.file.endswith(".parquet"):
        return parquet_bytes({name: _typed(name, v) for name, v in table.columns.items()})
    if table.file.endswith(".jsonl"):
        names = list(table.columns)
        rows = zip(*(values.tolist() for values in table.columns.values()), strict=True)
        return jsonl_bytes([_record(names, row) for row in rows])
    content = csv_bytes(table.columns, broken=table.broken)
    return gzip_bytes(content) if table.file.endswith(".gz") else content


def _typed(name: str, values: Texts) -> pa.Array:
    """Return a Parquet column: dates, times, flags and money have their own types."""
    held = [value if value != "" else None for value in values.tolist()]
    if name in ("created", "touched_at"):
        stamps = np.array([np.datetime64(v, "us") for v in held])
        return pa.array(stamps, pa.timestamp("us"))
    if name == "opted_in":
        return pa.array([v == "yes" for v in held], pa.bool_())
    if name == "cost":
        return pa.array(held, pa.string()).cast(pa.decimal128(12, 3))
    return pa.array(held, pa.string())


def _record(names: list[str], row: tuple[str, ...]) -> dict[str, str | int | bool | None]:
    """Return a ticket as JSON: a flag, a number of stars, texts; null where nothing is known."""
    made: dict[str, str | int | bool | None] = {}
    for name, value in zip(names, row, strict=True):
        if name == "reopened":
            made[name] = value == "yes"
        elif value == "":
            made[name] = None
        else:
            made[name] = int(value) if name == "stars" else value
    return made


def _customers(world: CirrusWorld) -> dict[str, Texts]:
    p = world.people
    team = {"DE": "Continent", "FR": "Continent", "NL": "Continent", "PK": "East", "AE": "East"}
    columns = {
        "account": world.key,
        "contact": full_names(p),
        "email": p.email,
        "phone": p.phone,
        "country": world.country,
        "industry": world.industry,
        "won_by": world.won_by,
        "desk": texts([team.get(c, "Islands") for c in world.country.tolist()]),
        "created": day_text(world.subscribers.start),
        "opted_in": np.where(world.consent, "yes", "no").astype(object),
    }
    order = np.lexsort((world.key, world.subscribers.start))
    return {name: values[order] for name, values in columns.items()}


def _subscriptions(world: CirrusWorld) -> dict[str, Texts]:
    s = world.spells
    return {
        "subscription": numbered("S-", s.subscription + 1, 5),
        "account": world.key[s.customer],
        "plan": texts([name for name, _ in _PLANS])[s.plan],
        "monthly_eur": texts([f"{price}.00" for _, price in _PLANS])[s.plan],
        "valid_from": day_text(s.start),
        "valid_to": day_text(s.end),
        "end_reason": s.reason,
    }


def _dirty_subscriptions(rng: np.random.Generator, columns: dict[str, Texts]) -> RawTable:
    dirt = Dirt(rng, ("cirrus/subscriptions.csv", "subscriptions", "billing"), columns)
    # Only single spells that never ended: an error in the middle would tear a subscription apart.
    running = (columns["valid_to"] == "") & ~pd.Series(columns["subscription"]).duplicated(
        keep=False
    ).to_numpy()
    dirt.cell(
        "order_of_events",
        "valid_to",
        dirt.take(3, running),
        "2000-12-31",
        "order_of_events:ended_at",
    )
    dirt.cell(
        "unreadable_date", "valid_from", dirt.take(3, running), "soon", "unreadable:valid_from"
    )
    dirt.cell(
        "negative_amount",
        "monthly_eur",
        dirt.take(3, running),
        lambda old: f"-{old}",
        "negative:monthly_amount",
    )
    dirt.cell("orphan", "account", dirt.take(3, running), "CL-00000", "orphan:customer_id")
    dirt.copy("exact_duplicate", dirt.take(4), "duplicate_row")
    return dirt.finish()


def _cases(world: CirrusWorld) -> dict[str, Texts]:
    c = world.cases
    return {
        "ticket": numbered("TK", range(1, len(c.opened) + 1), 6),
        "account": world.key[c.customer],
        "opened": time_text(c.opened, separator="T"),
        "answered": time_text(c.answered, separator="T"),
        "solved": time_text(c.resolved, separator="T"),
        "via": c.via,
        "topic": c.topic,
        "priority": c.priority,
        "team": c.team,
        "agent": c.agent,
        "reopened": np.where(c.reopened, "yes", "no").astype(object),
        "stars": texts([str(s) if s else "" for s in c.stars.tolist()]),
        "message": c.words,
    }


def _dirty_cases(rng: np.random.Generator, columns: dict[str, Texts]) -> RawTable:
    dirt = Dirt(rng, ("cirrus/tickets.jsonl", "interactions", "tickets"), columns)
    rows = dirt.take(5, columns["solved"] != "")
    dirt.cell(
        "order_of_events",
        "solved",
        rows,
        four_years_before,
        "order_of_events:resolved_at",
    )
    dirt.cell("missing_value", "topic", dirt.take(6), "")
    return dirt.finish()


def _touches(world: CirrusWorld) -> dict[str, Texts]:
    t = world.touches
    return {
        "id": numbered("T", range(1, len(t.time) + 1), 7),
        "account": world.key[t.customer],
        "touched_at": time_text(t.time, separator="T"),
        "campaign": world.campaigns.key[t.campaign],
        "medium": world.campaigns.medium[t.campaign],
        "cost": fixed(t.cost / 1000, 3),
    }


def _campaigns(world: CirrusWorld) -> dict[str, Texts]:
    c = world.campaigns
    return {
        "campaign": c.key,
        "title": c.title,
        "medium": c.medium,
        "starts": day_text(world.calendar.midnight(c.first)),
        "ends": day_text(world.calendar.midnight(c.last)),
        "spend": texts([f"{amount}.00" for amount in c.fixed_cost.tolist()]),
    }


def _assignments(world: CirrusWorld) -> dict[str, Texts]:
    trial, arms = world.trial, world.trial.arms
    return {
        "test": texts(["renewal_reminder"] * len(arms.time)),
        "account": world.key[arms.customer],
        "variant": texts(VARIANTS)[arms.variant],
        "assigned": time_text(arms.time),
        "renewed_60d": texts([str(v) for v in trial.renewed.tolist()]),
        "tickets_before_90d": texts([str(v) for v in trial.tickets_before.tolist()]),
        "tenure_months": texts([str(v) for v in trial.tenure.tolist()]),
    }
