"""A page reduced to what its readers read, in order: no styles, no markup, no versions."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["reading_outline"]

_TEXTS = {"h1", "h2", "h3", "h4", "p", "li", "caption", "figcaption", "tr", "dt", "dd"}
_SKIPPED = {"head", "style", "script", "details", "nav"}
_VOID = {"img", "br", "meta", "link", "hr", "input", "col", "rect", "path"}
_LAST = "How this report was made"  # below it stand versions and digests


class _Reader(HTMLParser):
    """Collects one line for each heading, sentence, card, caption, row and alternative text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._skipped = 0
        self._open: list[str] = []
        self._kind = ""
        self._words: list[str] = []
        self._done = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img" and not self._done:
            self.lines.append(f"alt: {given.get('alt', '')}")
        if tag in _VOID:
            return
        self._skipped += tag in _SKIPPED
        if tag in _TEXTS and not self._open:
            self._kind, self._words = _kind(tag, given.get("class", "")), []
            self._open = [tag]
        elif self._open:
            self._open.append(tag)
            if tag in {"td", "th"} and "".join(self._words).strip():
                self._words.append(" | ")
            elif tag in {"span", "a"}:
                self._words.append(" ")  # what stands apart on the page stands apart here

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._open:
            self._open.pop()
            if not self._open:
                self._close()
        self._skipped -= tag in _SKIPPED

    def handle_data(self, data: str) -> None:
        if self._open:
            self._words.append(data)

    def _close(self) -> None:
        text = " ".join("".join(self._words).split())
        self._done = self._done or text == _LAST
        if text and not self._skipped and not self._done:
            self.lines.append(f"{self._kind}: {text}")


def _kind(tag: str, classes: str) -> str:
    """Return what a line is called: a class of ours says more than the element."""
    ours = [name.removeprefix("wb-") for name in classes.split() if name.startswith("wb-")]
    return ours[-1] if ours else tag


def reading_outline(html: str) -> str:
    """Return what a page says, a line for each thing that it says."""
    return "\n".join(_Reader(html).lines) + "\n"
