"""What a page is made from, and the one document that both renderers read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workbench.suite.failure import Failure
from workbench.suite.render.harvest import Record
from workbench.suite.render.watched import Shown
from workbench.suite.watch import Watched

__all__ = ["Block", "Document", "ReportPage"]


@dataclass(frozen=True)
class ReportPage:
    """What a page says beside what its notebook recorded.

    Parameters
    ----------
    title
        The report's title.
    subtitle
        One line under it; empty for the notebook's question.
    suite, unit
        Names of the suite and the unit.
    unit_title
        The unit's title, as people call it.
    owner
        The department that the report is for.
    as_of
        Date of the data, ``YYYY-MM-DD``.
    lang
        Language tag of the page.
    provenance
        Label and value of each fact that the page's foot states: snapshot, versions, digests.
    failure
        Why the notebook failed, if it did.
    portal_href
        Relative link to the portal; None for none.
    tables_href
        Relative link to the folder of the exported tables; None when there is none.
    contacts_href
        Relative link to the page that says who is contacted; None when there is none.
    last_good_href
        Relative link to the last good version of a report that failed; None when there is none.
    watched
        What came of its goals, alerts and plans; None when nothing is watched.
    """

    title: str
    subtitle: str
    suite: str
    unit: str
    unit_title: str
    owner: str
    as_of: str
    lang: str = "en"
    provenance: tuple[tuple[str, str], ...] = ()
    failure: Failure | None = None
    portal_href: str | None = None
    tables_href: str | None = None
    contacts_href: str | None = None
    last_good_href: str | None = None
    watched: Watched | None = None


@dataclass(frozen=True)
class Block:
    """One piece of the page's body, in order.

    Parameters
    ----------
    kind
        ``heading``, ``prose``, ``code``, ``figure``, ``table``, ``finding``, ``action``,
        ``metric``, ``plain`` or ``failure``.
    html
        Safe HTML; for a heading its words, escaped, without its element.
    anchor
        The id of a heading's element; else empty.
    level
        2 or deeper for a heading; else 0.
    text
        The words of a heading or the source of a cell, not escaped; else empty.
    """

    kind: Literal[
        "heading",
        "prose",
        "code",
        "figure",
        "table",
        "finding",
        "action",
        "metric",
        "plain",
        "failure",
    ]
    html: str
    anchor: str = ""
    level: int = 0
    text: str = ""


@dataclass(frozen=True)
class Document:
    """A report, ready to be laid out: all choices are made, all strings of `html` are safe.

    Parameters
    ----------
    page
        What the page says of itself.
    lede
        The question that the report answers; not escaped, as all below but the blocks.
    about
        Label and value: who reads it, which decision it serves.
    metrics
        Records of the headline metrics.
    answers
        The first findings of the kind answer, and all warnings.
    decisions
        Findings that ask for a decision or an action.
    further
        The other answers: shown below the decisions.
    limits
        Findings of the kind limit that stand in no section: shown below the body.
    lead
        What the report's first section explains, where that section holds nothing but findings:
        they stand on top already, and this stands under them.
    contents
        Anchor and words of each second-level heading.
    body
        The blocks.
    setup
        Code that stands before the first section, and the parameters: shown at the foot.
    words
        Terms that the report uses, and their meanings.
    failure_html
        The box that says why the notebook failed; empty when it did not.
    watched
        What the page shows of goals, alerts and plans.
    """

    page: ReportPage
    lede: str
    about: tuple[tuple[str, str], ...]
    metrics: tuple[Record, ...]
    answers: tuple[Record, ...]
    decisions: tuple[Record, ...]
    further: tuple[Record, ...]
    limits: tuple[Record, ...]
    lead: tuple[Block, ...]
    contents: tuple[tuple[str, str], ...]
    body: tuple[Block, ...]
    setup: tuple[Block, ...]
    words: tuple[tuple[str, str], ...]
    failure_html: str
    watched: Shown = field(default_factory=Shown)
