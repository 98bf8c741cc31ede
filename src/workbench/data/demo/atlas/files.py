"""How Atlas Outfitters writes things down: its raw files, with the few errors of a tidy house."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.data.demo.atlas.facts import CHANNELS, EXPERIMENTS, GROUPS
from workbench.data.demo.atlas.world import AtlasWorld
from workbench.data.demo.dirt import (
    Dirt,
    Planted,
    RawTable,
    all_planted,
    four_years_before,
    totals_of,
)
from workbench.data.demo.people import full_names
from workbench.data.demo.sales import movements
from workbench.data.demo.shared import (
    Texts,
    day_text,
    fixed,
    money,
    numbered,
    texts,
    time_text,
)
from workbench.data.demo.write import csv_bytes, gzip_bytes, put

__all__ = ["atlas_files"]


def atlas_files(
    folder: Path, world: AtlasWorld, rng: np.random.Generator
) -> tuple[dict[str, dict[str, int | str]], tuple[Planted, ...]]:
    """Write all raw files; return the totals per table and source, and the planted errors."""
    orders = _dirty_orders(rng, _orders(world), world)
    customers = Dirt(rng, ("atlas/customers.csv", "customers", "crm"), _customers(world)).finish()
    cases = _dirty_cases(rng, _cases(world))
    touches = Dirt(
        rng, ("atlas/touchpoints.csv.gz", "touchpoints", "mailer"), _touches(world)
    ).finish()
    campaigns = Dirt(
        rng, ("atlas/campaigns.csv", "campaigns", "planner"), _campaigns(world)
    ).finish()
    arms = Dirt(
        rng, ("atlas/assignments.csv", "assignments", "test_desk"), _assignments(world)
    ).finish()
    tables = (customers, orders, cases, arms, touches, campaigns)
    for table in tables:
        content = csv_bytes(table.columns, broken=table.broken)
        put(folder / table.file, gzip_bytes(content) if table.file.endswith(".gz") else content)
    totals = {f"{t.table}/{t.source}": totals_of(t) for t in tables}
    amount = _accepted_amount(orders)
    totals["orders/shop"]["amount_accepted"] = amount
    return totals, all_planted(tables)


def _accepted_amount(table: RawTable) -> str:
    """Return the exact sum of the accepted lines' amounts in pounds, as text."""
    c = table.columns
    pence = 0
    rows = zip(
        c["Qty"].tolist(),
        c["UnitPrice"].tolist(),
        c["Discount"].tolist(),
        table.rejected.tolist(),
        strict=True,
    )
    for quantity, price, discount, rejected in rows:
        if not rejected:
            pence += int(quantity) * round(float(price) * 100) - round(float(discount) * 100)
    return str(money(np.array([pence], dtype=np.int64))[0])


def _orders(world: AtlasWorld) -> dict[str, Texts]:
    """Return sales and returns as one export, by time."""
    sales, shop = world.sales, world.sales.catalogue
    moved = movements(sales)
    orders = numbered("SO", range(1, len(sales.time) + 1), 7)
    key = moved.keyed(orders, numbered("RT", range(1, len(sales.back) + 1), 6))
    promo = np.append(world.campaigns.key, "")[world.credited]
    by_time = np.lexsort((moved.number, np.arange(len(key)), moved.time))
    columns = {
        "OrderNo": key,
        "LineNo": texts([str(n) for n in moved.number.tolist()]),
        "OrderDate": time_text(moved.time),
        "Client": world.key[sales.orders.customer[moved.order]],
        "Sku": shop.product_id[moved.product],
        "Product": shop.name[moved.product],
        "Range": shop.category_of(moved.product),
        "Qty": texts([str(n) for n in (moved.quantity * moved.sign).tolist()]),
        "UnitPrice": money(moved.price),
        "Discount": money(moved.discount),
        "Vat": money(np.rint(moved.amount / 6).astype(np.int64)),
        "UnitCost": money(shop.cost[moved.product]),
        "Outlet": texts(CHANNELS)[world.channel[moved.order]],
        "Promo": promo[moved.order],
        "RefundOf": np.where(moved.sold, "", orders[moved.order]),
    }
    return {name: values[by_time] for name, values in columns.items()}


def _dirty_orders(
    rng: np.random.Generator, columns: dict[str, Texts], world: AtlasWorld
) -> RawTable:
    dirt = Dirt(rng, ("atlas/orders.csv.gz", "orders", "shop"), columns)
    few = max(2, len(columns["OrderNo"]) // 5000)
    late = f"{world.calendar.as_of.year + 1}-02-0"
    dirt.cell(
        "unreadable_date", "OrderDate", dirt.take(few), "0000-00-00 00:00", "unreadable:OrderDate"
    )
    dirt.cell(
        "after_as_of",
        "OrderDate",
        dirt.take(few),
        lambda old: late + f"{int(old[9]) % 9 + 1}{old[10:]}",
        "after_as_of:ordered_at",
    )
    dirt.cell("unreadable_number", "UnitPrice", dirt.take(few), "TBC", "unreadable:UnitPrice")
    dirt.cell("orphan", "Client", dirt.take(few), "AC000000", "orphan:customer_id")
    dirt.cell("missing_value", "Range", dirt.take(3 * few), "")
    dirt.copy("exact_duplicate", dirt.take(3 * few), "duplicate_row")
    return dirt.finish()


def _customers(world: AtlasWorld) -> dict[str, Texts]:
    p = world.people
    channels = texts([max(g.channels.items(), key=lambda pair: pair[1])[0] for g in GROUPS])
    columns = {
        "Client": world.key,
        "FullName": full_names(p),
        "Email": p.email,
        "Phone": p.phone,
        "Born": texts([str(y) for y in p.birth_year.tolist()]),
        "Joined": day_text(world.calendar.midnight(world.joined)),
        "Town": p.town,
        "Region": p.region,
        "Country": texts(["GB"] * len(p.town)),
        "Optin": np.where(world.consent, "yes", "no").astype(object),
        "FirstOutlet": channels[world.group],
    }
    order = np.lexsort((world.key, world.joined))
    return {name: values[order] for name, values in columns.items()}


def _cases(world: AtlasWorld) -> dict[str, Texts]:
    c = world.cases
    return {
        "CaseNo": numbered("CS", range(1, len(c.opened) + 1), 6),
        "Client": world.key[c.customer],
        "Opened": time_text(c.opened),
        "FirstReply": time_text(c.answered),
        "Closed": time_text(c.resolved),
        "Via": c.via,
        "About": c.topic,
        "Urgency": c.priority,
        "Desk": c.team,
        "Agent": c.agent,
        "Reopened": np.where(c.reopened, "yes", "no").astype(object),
        "Stars": texts([str(s) if s else "" for s in c.stars.tolist()]),
        "Message": c.words,
    }


def _dirty_cases(rng: np.random.Generator, columns: dict[str, Texts]) -> RawTable:
    dirt = Dirt(rng, ("atlas/interactions.csv", "interactions", "helpdesk"), columns)
    closed = columns["Closed"] != ""
    rows = dirt.take(4, closed)
    dirt.cell(
        "order_of_events",
        "Closed",
        rows,
        four_years_before,
        "order_of_events:resolved_at",
    )
    return dirt.finish()


def _touches(world: AtlasWorld) -> dict[str, Texts]:
    t = world.touches
    return {
        "Id": numbered("T", range(1, len(t.time) + 1), 7),
        "Client": world.key[t.customer],
        "When": time_text(t.time),
        "Promo": world.campaigns.key[t.campaign],
        "Medium": world.campaigns.medium[t.campaign],
        "Cost": fixed(t.cost / 1000, 3),
    }


def _campaigns(world: AtlasWorld) -> dict[str, Texts]:
    c = world.campaigns
    return {
        "Promo": c.key,
        "Title": c.title,
        "Medium": c.medium,
        "Starts": day_text(world.calendar.midnight(c.first)),
        "Ends": day_text(world.calendar.midnight(c.last)),
        "Spend": texts([f"{pounds}.00" for pounds in c.fixed_cost.tolist()]),
    }


def _assignments(world: AtlasWorld) -> dict[str, Texts]:
    """Return all experiments in one table; whole numbers stay whole, money has two decimals."""
    parts: list[dict[str, Texts]] = []
    for name, arm in world.arms.items():
        out = world.outcomes[name]
        whole = {
            column: texts([str(int(v)) for v in out[column].tolist()])
            for column in ("bought", "orders", "pre_orders", "unsubscribed")
        }
        parts.append(
            {
                "Test": texts([name] * len(arm.time)),
                "Client": world.key[arm.customer],
                "Variant": texts(EXPERIMENTS[name].variants)[arm.variant],
                "AssignedAt": time_text(arm.time),
                "bought_28d": whole["bought"],
                "orders_28d": whole["orders"],
                "spend_28d": fixed(np.round(out["spend"], 2) + 0.0, 2),
                "pre_spend_182d": fixed(np.round(out["pre_spend"], 2) + 0.0, 2),
                "pre_orders_182d": whole["pre_orders"],
                "unsubscribed_28d": whole["unsubscribed"],
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
