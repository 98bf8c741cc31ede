"""One record or cell as HTML: every string is escaped here, or was by the report room."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

from workbench.errors import RenderError
from workbench.report.text import escape_html
from workbench.suite.failure import Failure
from workbench.suite.render.harvest import Record
from workbench.suite.render.page import Block
from workbench.suite.render.prose import without_ansi

__all__ = [
    "action_block",
    "code_block",
    "failure_html",
    "figure_block",
    "finding_block",
    "metric_block",
    "plain_block",
    "table_block",
]

_KINDS = {"answer": "Answer", "warning": "Warning", "limit": "Limit", "action": "To do"}
_ALLOWED = {
    "table": {"class", "id"},
    "caption": set(),
    "thead": set(),
    "tbody": {"class"},
    "tr": {"class"},
    "th": {"class", "scope"},
    "td": {"class"},
    "span": {"class", "title"},
    "br": set(),
    "svg": {"class", "viewbox", "preserveaspectratio", "aria-hidden", "focusable"},
    "rect": {"width", "height"},
}


class _OnlyTable(HTMLParser):
    """Refuses anything in a table's HTML that the report room does not write."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Refuse an element or an attribute that is not listed."""
        bad = {name for name, _ in attrs} - _ALLOWED.get(tag, set())
        if tag not in _ALLOWED or bad:
            raise RenderError(
                f"a table holds <{tag}{' ' if bad else ''}{' '.join(sorted(bad))}>",
                where="table",
                fix="Make it with workbench.report.table.",
            )

    def handle_comment(self, data: str) -> None:
        """Refuse comments, declarations and instructions."""
        raise RenderError("a table holds a comment", where="table")

    def handle_decl(self, decl: str) -> None:
        """Refuse declarations."""
        self.handle_comment(decl)

    def handle_pi(self, data: str) -> None:
        """Refuse instructions."""
        self.handle_comment(data)

    def unknown_decl(self, data: str) -> None:
        """Refuse marked sections."""
        self.handle_comment(data)


def table_block(record: Record, number: int, tables_href: str | None) -> Block:
    """Return a numbered table in a box that scrolls on narrow screens, with its note."""
    html = str(record["html"])
    checker = _OnlyTable()
    checker.feed(html)
    checker.close()
    name = escape_html(record["id"])
    start = f'<caption><span class="wb-cap"><span class="wb-number">Table {number}.</span> '
    html = html.replace("<caption>", start, 1).replace("</caption>", "</span></caption>", 1)
    html = html.replace("<table ", '<table data-quarto-disable-processing="true" ', 1)
    under = [escape_html(record["source_note"])] if record["source_note"] else []
    if tables_href is not None:
        href = escape_html(f"{tables_href}{record['id']}.csv")
        under.append(f'<a href="{href}" download>Table {number} as CSV</a>')
    note = f'<p class="wb-note">{" · ".join(under)}</p>' if under else ""
    return Block(
        "table",
        f'<div class="wb-table-block" id="table-{name}">\n'
        f'<div class="wb-scroll" role="region" aria-label="Table {number}" tabindex="0">\n{html}\n'
        f"</div>\n{note}\n</div>",
    )


def figure_block(record: Record, number: int) -> Block:
    """Return a numbered figure: a picture in which no script can run, with its words."""
    data = base64.b64encode(str(record["svg"]).encode("utf-8")).decode("ascii")
    name = escape_html(record["id"])
    return Block(
        "figure",
        f'<figure id="figure-{name}">\n<div class="wb-scroll" role="region" '
        f'aria-label="Figure {number}" tabindex="0"><img src="data:image/svg+xml;base64,{data}" '
        f'alt="{escape_html(record["alt"])}"></div>\n<figcaption>'
        f'<span class="wb-number">Figure {number}.</span> {escape_html(record["caption"])}'
        "</figcaption>\n</figure>",
    )


def finding_block(record: Record) -> Block:
    """Return a finding in its place in the body; links lead to a limit here, to others on top."""
    kind = str(record["kind"])
    head = _KINDS.get(kind, "Note")
    place = f' id="finding-{escape_html(record["id"])}"' if kind == "limit" else ""
    return Block(
        "finding",
        f'<p class="wb-said wb-kind-{escape_html(kind)}"{place}><strong>{head}.</strong> '
        f"{escape_html(record['text'])}</p>",
    )


def metric_block(record: Record) -> Block:
    """Return a metric in its place in the body, as one line."""
    aside = record.get("ci_display") or record["reason"]
    more = f" <small>({escape_html(aside)})</small>" if aside else ""
    return Block(
        "metric",
        f'<p class="wb-said wb-metric" id="metric-{escape_html(record["id"])}">'
        f"{escape_html(record['label'])}: "
        f"<strong>{escape_html(record['display'])}</strong>{more}</p>",
    )


def action_block(record: Record, contacts_href: str | None) -> Block:
    """Return who qualifies for a list, without its customers, and where it is settled."""
    many = str(record["customers_display"])
    is_number = many.endswith(("customer", "customers"))
    facts = [f"{many} qualify" if is_number else f"who qualifies: {many}"]
    if record.get("display"):
        facts.append(f"worth {record['display']}")
    if record.get("margin_display"):
        facts.append(f"margin {record['margin_display']}{_incomplete(record)}")
    refused = f"Without consent to marketing: {record['no_consent_display']}."
    if not record.get("consent_known", True):
        refused = "The data do not say who agreed to marketing, so nobody is contacted."
    place = "the page “Who is contacted, and who is not”"
    if contacts_href is not None:
        place = f'<a href="{escape_html(contacts_href)}">Who is contacted, and who is not</a>'
    return Block(
        "action",
        f'<div class="wb-action"><p><strong>{escape_html(record["label"])}</strong>: '
        f'{escape_html(", ".join(facts))}. {escape_html(refused)}</p>\n<p class="wb-note">Who of '
        f"them is contacted is settled with all lists of the unit: {place}. No customer is named "
        "here.</p></div>",
    )


def _incomplete(record: Record) -> str:
    """Return of how many customers the margin is not known; empty where it is known of all."""
    missing = record.get("margin_missing")
    if missing == 0:
        return ""
    return " (not known for a few)" if missing is None else f" (not known for {missing:,})"


def code_block(source: str, label: str) -> Block:
    """Return a cell's source, folded."""
    return Block(
        "code",
        f'<details class="wb-code"><summary>{escape_html(label)}</summary>\n'
        f"<pre><code>{escape_html(source)}</code></pre>\n</details>",
        text=source,
    )


def plain_block(text: str) -> Block:
    """Return foreign output as text."""
    return Block(
        "plain", f'<pre class="wb-plain" tabindex="0">{escape_html(without_ansi(text))}</pre>'
    )


def failure_html(failure: Failure, last_good_href: str | None = None) -> str:
    """Return the box that says why the notebook failed: where, what, and the traceback."""
    place = f"Cell {failure.cell_id}" if failure.cell_id else "Before the first cell"
    message = without_ansi(failure.evalue).strip() or "no message"
    parts = [
        '<section class="wb-failure" aria-labelledby="failed">',
        '<h2 id="failed">This report could not be completed</h2>',
        f"<p><strong>{escape_html(failure.ename)}</strong>: {escape_html(message)}</p>",
        f"<p>{escape_html(place)} failed; what stands below was made before it.</p>",
    ]
    if last_good_href is not None:
        href = escape_html(last_good_href)
        parts.append(f'<p><a href="{href}">Read its last good version</a></p>')
    for label, text in (("Source", failure.source), ("Traceback", failure.traceback)):
        if text.strip():
            parts.append(
                f"<details><summary>{label}</summary>\n"
                f"<pre><code>{escape_html(without_ansi(text))}</code></pre></details>"
            )
    parts.append("</section>")
    return "\n".join(parts)
