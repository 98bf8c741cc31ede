"""Markdown and foreign text, made harmless.

Markdown cells are committed with the notebook, but words in them may come from a parameter; so
raw HTML is shown as text, pictures become their words, and links go to sections or to the web.
"""

from __future__ import annotations

import re
from typing import Any

import mistune
from mistune.plugins.table import table as _tables

from workbench.report.text import clean, escape_html

__all__ = ["LONGEST_OUTPUT", "markdown_html", "plain_words", "without_ansi"]

LONGEST_OUTPUT = 20_000  # characters of one foreign output; a notebook may print 100 MB

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_LINK = re.compile(r"(?:https://|mailto:|#)[^\s\"'<>`\\]+\Z", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>")


class _Safe(mistune.HTMLRenderer):
    """Writes HTML with no raw HTML, no pictures, and only links that can do no harm."""

    def __init__(self, top: int) -> None:
        super().__init__(escape=True)
        self._top = top

    def text(self, text: str) -> str:
        """Return escaped text."""
        return escape_html(text)

    def codespan(self, text: str) -> str:
        """Return escaped code."""
        return f"<code>{escape_html(text)}</code>"

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return an escaped block of code; its language is not used."""
        return f"<pre><code>{escape_html(code)}</code></pre>\n"

    def inline_html(self, html: str) -> str:
        """Return raw HTML as text."""
        return escape_html(html)

    def block_html(self, html: str) -> str:
        """Return raw HTML as text."""
        return f"<p>{escape_html(html.strip())}</p>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture's words: a page shows no files but the report's own figures."""
        return f"<em>{text}</em>"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Return a link, or only its words when its address is not plainly harmless."""
        if not _LINK.match(url):
            return text
        return f'<a href="{escape_html(url)}" rel="noopener noreferrer">{text}</a>'

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        """Return a heading that stands below the page's own."""
        depth = min(max(level, self._top), 6)
        return f"<h{depth}>{text}</h{depth}>\n"


def markdown_html(source: str) -> str:
    """Return Markdown as HTML that holds no script, no picture and no raw HTML."""
    render = mistune.Markdown(renderer=_Safe(3), plugins=[_tables])
    return str(render(clean(source))).strip()


def plain_words(html: str) -> str:
    """Return the words of some of our own HTML, for the glossary's search."""
    return _TAGS.sub(" ", html)


def without_ansi(text: str) -> str:
    """Return text without a terminal's colour codes, and cut to what a page can bear."""
    if len(text) > LONGEST_OUTPUT:
        left = len(text) - LONGEST_OUTPUT
        text = f"{text[:LONGEST_OUTPUT]}\n... {left:,} more characters are not shown"
    return clean(_ANSI.sub("", text))
