"""Makes Quarto's page what the embedded one is: no script, our styles alone, the same bytes.

Nothing in a report needs a script: code folds by itself, and the contents are plain links. The page
is read as a browser reads it and written anew, every text and value escaped: what Quarto leaves as
it is, a `<` in a value, say, would else look like markup to whoever goes over it.
"""

from __future__ import annotations

import html as escapes
from html.parser import HTMLParser

from workbench.errors import RenderError
from workbench.suite.render.page import ReportPage
from workbench.suite.render.policy import policy

__all__ = ["FETCHES", "finish"]

FETCHES = {"src", "srcset", "poster", "data", "background", "action", "formaction"}
_WITH_CONTENT = {"script", "style"}
_DROPPED = {*_WITH_CONTENT, "link", "meta"}
_SKIP = '\n<a class="wb-skip" href="#wb-main">Skip to the answer</a>'
_MAIN = '<main id="wb-main" class="wb-page">'
_CASES = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}

Pairs = list[tuple[str, str | None]]


def finish(html: str, page: ReportPage, css: str, *, where: str) -> str:
    """Return Quarto's page without scripts, with our stylesheet and policy, in a fixed order.

    Parameters
    ----------
    html
        What Quarto wrote.
    page
        What the page says of itself.
    css
        Our stylesheet; it takes the place of Quarto's, so that both renderers' pages look alike.
    where
        The page, for messages.

    Raises
    ------
    RenderError
        When the page would fetch something or run something, or is no whole page.
    """
    read = _Read(html, page.lang, where)
    head, body = "".join(read.head), "".join(read.body)
    ours = (
        '<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="'
        f'{escapes.escape(policy([css], read.styles), quote=False)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light">'
    )
    # Before all that it rules, so that nothing is read that it would have forbidden.
    head = head.replace("<head>", f"<head>\n{ours}", 1)
    whole = f"{head}<style>{css}</style>\n</head>{body}"
    return "\n".join(line.rstrip() for line in whole.splitlines()) + "\n"


class _Read(HTMLParser):
    """Reads a page and writes it anew: head and body apart, and what stands in `style=`."""

    def __init__(self, html: str, lang: str, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.head: list[str] = []
        self.body: list[str] = []
        self.styles: set[str] = set()
        self._lang, self._where = lang, where
        self._out = self.head
        self._seen: set[str] = set()
        self._dropping = False
        self.feed(html)
        self.close()
        if self._out is self.head or not {"head", "body"} <= self._seen:
            raise RenderError("Quarto's page is not whole", where=where)
        if "main" not in self._seen:  # the landmark that our stylesheet and readers look for
            start = next(n for n, text in enumerate(self.body) if text.startswith("<body"))
            self.body.insert(start + 2, f"\n{_MAIN}")

    def handle_decl(self, decl: str) -> None:
        """Keep what says that this is HTML."""
        self._out.append(f"<!{decl}>")

    def handle_starttag(self, tag: str, attrs: Pairs) -> None:
        """Write an element's start, but of those that are ours to write."""
        is_first = tag not in self._seen
        self._seen.add(tag)
        self._dropping = tag in _WITH_CONTENT
        if tag in _DROPPED:
            return
        if tag == "html" and "lang" not in dict(attrs):
            attrs = [("lang", self._lang), *attrs]
        told = self._start(tag, attrs)
        self._out.append(_MAIN if tag == "main" and is_first else told)
        if tag == "body":
            self._out.append(_SKIP)

    def handle_startendtag(self, tag: str, attrs: Pairs) -> None:
        """Write an element that holds nothing, as drawings have them."""
        if tag not in _DROPPED:
            self._out.append(f"{self._start(tag, attrs)[:-1]}/>")

    def handle_endtag(self, tag: str) -> None:
        """Write an element's end; with that of the head, the body begins."""
        self._dropping = False
        if tag == "body" and "main" not in self._seen:
            self._out.append("</main>\n")
        if tag == "head":
            self._out = self.body
        elif tag not in _DROPPED:
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write text."""
        if not self._dropping:
            self._out.append(escapes.escape(data, quote=False))

    def _start(self, tag: str, attrs: Pairs) -> str:
        """Return an element's start, its data attributes in order; refuse what fetches or runs."""
        for name, value in attrs:
            text = (value or "").strip()
            if name.startswith("on"):
                raise RenderError(f"the page has a handler `{name}`", where=self._where)
            if name in FETCHES and not text.startswith("data:"):
                raise RenderError(f"the page would fetch `{text[:80]}`", where=self._where)
            if name == "style":
                self.styles.add(value or "")
        ordered = iter(sorted(pair for pair in attrs if pair[0].startswith("data-")))
        kept = [next(ordered) if pair[0].startswith("data-") else pair for pair in attrs]
        told = (
            f" {_CASES.get(name, name)}" + ("" if value is None else f'="{escapes.escape(value)}"')
            for name, value in kept
        )
        return f"<{tag}{''.join(told)}>"
