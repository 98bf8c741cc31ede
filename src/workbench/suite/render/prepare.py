"""An executed notebook and its page as one document: every choice of the layout is made here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.report.mime import ACTION, BREAKDOWN, FIGURE, FINDING, METRIC, SECTION, STATE, TABLE
from workbench.report.text import clean, escape_html, slug_of
from workbench.report.words import used_terms
from workbench.suite.failure import Failure
from workbench.suite.notebook import front_matter
from workbench.suite.render import blocks
from workbench.suite.render.harvest import Harvest, Record, harvest, record_of
from workbench.suite.render.page import Block, Document, ReportPage
from workbench.suite.render.prose import markdown_html, plain_words, without_ansi
from workbench.suite.render.watched import shown

if TYPE_CHECKING:
    import nbformat

__all__ = ["prepare"]

_PARAMETERS = {"parameters": "Parameters", "injected-parameters": "Parameters of this run"}
_HIDDEN = {"remove-cell", "remove_cell"}
_YAML = re.compile(r"\A\s*---\n.*?\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)
_LABELLED = re.compile(
    r"^\s*(?:[-*]\s+)?\*\*(?:title|question|reader|for|decision):?\*\*.*$",
    re.MULTILINE | re.IGNORECASE,
)
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_FIRST_ANSWERS = 3  # so many stand above the decisions, which belong on the first screen
_ABOUT = (("reader", "For"), ("for", "For"), ("decision", "Decision it serves"))


class _Body:
    """Collects the blocks, numbers figures and tables, and gives headings their anchors."""

    def __init__(self, page: ReportPage) -> None:
        self.page = page
        self.blocks: list[Block] = []
        self._folds: dict[str, str] = {}
        self.unplaced_limits: set[str] = set()
        self._said_above = False
        self._tables = 0
        self._figures = 0
        self._anchors: set[str] = set()

    @property
    def _started(self) -> bool:
        """Return whether a section has begun; what stands before one prepares the report."""
        return bool(self._anchors)

    @property
    def _sections(self) -> int:
        return sum(block.level == 2 for block in self.blocks)

    def heading(self, text: str, level: int) -> None:
        """Add a heading; its anchor is stable, and its own within the page."""
        words = " ".join(clean(text).split())
        base = re.sub(r"-[0-9a-f]{6}\Z", "", slug_of(words)) or "section"
        anchor, again = f"s-{base}", 1
        while anchor in self._anchors:
            again += 1
            anchor = f"s-{base}-{again}"
        self._anchors.add(anchor)
        self.blocks.append(Block("heading", escape_html(words), anchor, level, words))

    def markdown(self, source: str) -> None:
        """Add a Markdown cell: its headings, and the prose between them."""
        prose: list[str] = []
        fenced = False
        for line in source.splitlines():
            fenced ^= bool(_FENCE.match(line))
            found = None if fenced else _HEADING.match(line)
            if found is None:
                prose.append(line)
                continue
            self._prose(prose)
            self.heading(_without_marks(found[2]), min(max(len(found[1]), 2), 4))
        self._prose(prose)

    def _prose(self, lines: list[str]) -> None:
        html = markdown_html("\n".join(lines))
        lines.clear()
        if html:
            self.blocks.append(Block("prose", html))

    def code(self, cell: nbformat.NotebookNode) -> None:
        """Add a code cell: its source, folded, and then what it showed."""
        tags = set(cell.metadata.get("tags", []))
        if tags & _HIDDEN:
            return
        for output in cell.get("outputs", ()):
            self.output(output, cell)
        if not cell.source.strip():
            return
        label = next((_PARAMETERS[tag] for tag in _PARAMETERS if tag in tags), "")
        if label or not self._started:
            self._prepared(cell.source, label or "Preparation")
        else:
            self._source(cell.source)

    def _prepared(self, source: str, label: str) -> None:
        """Add source to the foot; cells of one name share one fold."""
        self._folds[label] = f"{self._folds[label]}\n\n{source}" if label in self._folds else source

    @property
    def setup(self) -> tuple[Block, ...]:
        """Return the folds of the foot, in the order in which their first cells came."""
        return tuple(blocks.code_block(source, label) for label, source in self._folds.items())

    def _source(self, source: str) -> None:
        """Add a cell's source; cells that show nothing between them share one fold."""
        if self.blocks and self.blocks[-1].kind == "code":
            source = f"{self.blocks.pop().text}\n\n{source}"
        self.blocks.append(blocks.code_block(source, "Code"))

    def output(self, output: nbformat.NotebookNode, cell: nbformat.NotebookNode) -> None:
        """Add one output: a record of ours, or the plain text of anything else."""
        found = record_of(output)
        if found is not None:
            self.record(*found)
        elif output.output_type == "error":
            failure = _failure_of(output, cell, -1)
            self.blocks.append(Block("failure", _error_html(failure)))
        elif output.output_type == "stream":
            self.blocks.append(blocks.plain_block(_joined(output.get("text", ""))))
        else:
            text = _joined(output.get("data", {}).get("text/plain", ""))
            if text.strip():
                self.blocks.append(blocks.plain_block(text))

    def record(self, mime: str, record: Record) -> None:
        """Add one of our own records."""
        if mime == TABLE:
            self._tables += 1
            block = blocks.table_block(record, self._tables, self.page.tables_href)
        elif mime == FIGURE:
            self._figures += 1
            block = blocks.figure_block(record, self._figures)
        elif mime == FINDING:
            if not self._started:  # stands on top, and has no section that it belongs to
                if record["kind"] == "limit":
                    self.unplaced_limits.add(str(record["id"]))
                return
            if record["kind"] != "limit" and self._sections == 1:
                self._said_above = True
                return  # right under the list on top, it would only say it again
            block = blocks.finding_block(record)
        elif mime == METRIC:
            if record.get("headline", True) or not self._started:
                return  # stands on a card on top, or has no section that it belongs to
            block = blocks.metric_block(record)
        elif mime == ACTION:
            block = blocks.action_block(record, self.page.contacts_href)
        elif mime in {BREAKDOWN, STATE}:
            return  # kept for another edition; a table beside a breakdown shows its numbers
        else:
            assert mime == SECTION, mime
            self.heading(str(record["title"]), 2)
            text = str(record["text"]).strip()
            if text:
                self.blocks.append(Block("prose", f"<p>{escape_html(text)}</p>"))
            return
        self.blocks.append(block)

    def take_lead(self) -> tuple[Block, ...]:
        """Take the first section away if it only explains the findings, and return its words."""
        heads = [place for place, block in enumerate(self.blocks) if block.level == 2]
        if not self._said_above or len(heads) < 2 or heads[0] != 0:
            return ()
        first = self.blocks[: heads[1]]
        if not {block.kind for block in first} <= {"heading", "prose", "metric", "code"}:
            return ()
        self.blocks = self.blocks[heads[1] :]
        for block in first:
            if block.kind == "code":
                self._prepared(block.text, "Findings")
        return tuple(block for block in first if block.kind in {"prose", "metric"})


def prepare(nb: nbformat.NotebookNode, page: ReportPage) -> Document:
    """Return the document that a renderer lays out; the notebook is not changed.

    Parameters
    ----------
    nb
        The executed notebook.
    page
        What the page says beside it.

    Raises
    ------
    RenderError
        When a record is not whole, two share an id, or a table holds foreign HTML.
    """
    recorded = harvest(nb)
    said = front_matter(nb)
    body = _Body(page)
    for place, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            body.code(cell)
        elif cell.cell_type == "markdown" or (cell.cell_type == "raw" and place == 0):
            source = str(cell.source)
            body.markdown(_without_front_matter(source) if place == 0 and said else source)
    lead = body.take_lead()
    failure = page.failure or _first_failure(nb)
    lede = page.subtitle or said.get("question", "")
    metrics = tuple(m for m in recorded.metrics if m.get("headline", True))
    answers = tuple(f for f in recorded.findings if f["kind"] == "answer")
    warnings = tuple(f for f in recorded.findings if f["kind"] == "warning")
    watched = shown(page.watched, {str(m["id"]) for m in metrics})
    return Document(
        page=page,
        lede=lede,
        about=(
            *((label, _sentence(said[key])) for key, label in _ABOUT if said.get(key)),
            *_interval_methods(recorded),
            *((("Rules watched", watched.note),) if watched.note else ()),
        ),
        metrics=metrics,
        answers=(*answers[:_FIRST_ANSWERS], *warnings),
        further=answers[_FIRST_ANSWERS:],
        decisions=tuple(f for f in recorded.findings if f["decision"] or f["kind"] == "action"),
        limits=tuple(f for f in recorded.findings if f["id"] in body.unplaced_limits),
        lead=lead,
        contents=tuple((b.anchor, b.text) for b in body.blocks if b.level == 2),
        body=tuple(body.blocks),
        setup=body.setup,
        words=tuple(used_terms(_all_words(lede, recorded, body.blocks)).items()),
        failure_html=blocks.failure_html(failure, page.last_good_href) if failure else "",
        watched=watched,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _interval_methods(recorded: Harvest) -> tuple[tuple[str, str], ...]:
    """Return how the intervals of the cards were made: too much for a card, and never left out."""
    used = {f"{100 * float(ci[2]):g}%: {ci[3]}" for m in recorded.metrics if (ci := m.get("ci"))}
    return (("Intervals", "; ".join(sorted(used))),) if used else ()


def _joined(text: object) -> str:
    return "".join(text) if isinstance(text, list) else str(text)


def _without_marks(text: str) -> str:
    """Return a heading's words: Markdown's emphasis and code marks are left out."""
    return re.sub(r"(\*\*|__|`)", "", text)


def _without_front_matter(source: str) -> str:
    """Return what a first cell says beside title, question, reader and decision."""
    if _YAML.match(source):
        return _YAML.sub("", source, count=1)
    lines = source.splitlines()
    first = next((n for n, line in enumerate(lines) if _HEADING.match(line)), None)
    if first is not None:
        del lines[first]
    return _LABELLED.sub("", "\n".join(lines))


def _failure_of(output: nbformat.NotebookNode, cell: nbformat.NotebookNode, place: int) -> Failure:
    return Failure(
        cell_index=place,
        cell_id=str(cell.get("id", "")),
        source=str(cell.source),
        ename=str(output.get("ename", "Error")),
        evalue=str(output.get("evalue", "")),
        traceback="\n".join(output.get("traceback", [])),
    )


def _first_failure(nb: nbformat.NotebookNode) -> Failure | None:
    for place, cell in enumerate(nb.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return _failure_of(output, cell, place)
    return None


def _error_html(failure: Failure) -> str:
    """Return the mark in the body where the notebook stopped; the box on top tells the rest."""
    message = escape_html(without_ansi(f"{failure.ename}: {failure.evalue}"))
    return f'<p class="wb-said wb-stopped"><strong>Stopped here.</strong> {message}</p>'


def _all_words(lede: str, recorded: Harvest, body: list[Block]) -> str:
    """Return the words that a reader reads; code and plain output explain themselves."""

    def pieces() -> Iterator[str]:
        yield lede
        for metric in recorded.metrics:
            yield f"{metric['label']} {metric.get('ci_display') or ''}"
        for finding in recorded.findings:
            yield f"{finding['text']} {finding['decision'] or ''}"
        for figure in recorded.figures:
            yield str(figure["caption"])
        for table in recorded.tables:
            yield f"{table['caption']} {table['source_note'] or ''}"
            yield from table.get("labels", [])
        for block in body:
            if block.kind in {"heading", "prose"}:
                yield plain_words(block.html)

    return "\n".join(pieces())
