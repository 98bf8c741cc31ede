"""Makes Quarto's page what the embedded one is: no script, our styles alone, the same bytes.

Nothing in a report needs a script: code folds by itself, and the contents are plain links.
"""

from __future__ import annotations

import html as escapes
import re

from workbench.errors import RenderError
from workbench.report.text import escape_html
from workbench.suite.render.page import ReportPage
from workbench.suite.render.policy import policy

__all__ = ["FETCHES", "finish"]

_SCRIPT = re.compile(r"<script\b[^>]*>.*?</script\s*>|<script\b[^>]*/>", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_STYLE = re.compile(r"<style\b[^>]*>.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[^\s=<>\"'/]+(?:\s*=\s*\"[^\"]*\")?)+)(\s*/?)>")
_ATTRIBUTE = re.compile(r"([^\s=<>\"'/]+)(?:\s*=\s*\"([^\"]*)\")?")
_META = re.compile(r"<meta (?:charset|name)=[^>]*>", re.IGNORECASE)
FETCHES = {"src", "srcset", "poster", "data", "background", "action", "formaction"}


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
        When the page would fetch something, or is no whole page.
    """
    if "<head>" not in html or "</head>" not in html or "<body" not in html:
        raise RenderError("Quarto's page is not whole", where=where)
    for foreign in (_SCRIPT, _COMMENT, _STYLE, _LINK):
        html = foreign.sub("", html)
    head, body = html.split("</head>", 1)
    head = f"{head}<style>{css}</style>\n</head>"
    inline: set[str] = set()
    body = _TAG.sub(lambda match: _ordered(match, inline, where), body)
    ours = (
        '<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="'
        f'{escapes.escape(policy([css], inline), quote=False)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light">'
    )
    # Before all that it rules, so that nothing is read that it would have forbidden.
    head = _META.sub("", head).replace("<head>", f"<head>\n{ours}", 1)
    if not re.search(r"<html\b[^>]*\blang=", head):
        head = head.replace("<html", f'<html lang="{escape_html(page.lang)}"', 1)
    return "\n".join(line.rstrip() for line in _framed(head + body).splitlines()) + "\n"


def _framed(html: str) -> str:
    """Return the page with the classes and the landmark that our stylesheet looks for."""
    skip = '<a class="wb-skip" href="#wb-main">Skip to the answer</a>'
    if re.search(r"<main\b", html):
        html = re.sub(r"<main\b[^>]*>", '<main id="wb-main" class="wb-page">', html, count=1)
        return re.sub(r"<body\b[^>]*>", lambda match: f"{match[0]}\n{skip}", html, count=1)
    html = re.sub(
        r"<body\b[^>]*>",
        lambda match: f'{match[0]}\n{skip}\n<main id="wb-main" class="wb-page">',
        html,
        count=1,
    )
    return html.replace("</body>", "</main>\n</body>", 1)


def _ordered(match: re.Match[str], inline: set[str], where: str) -> str:
    """Return a tag, its data attributes in order; note its style, refuse what fetches or runs."""
    pairs = [(a[1], a[2]) for a in _ATTRIBUTE.finditer(match[2])]
    for name, value in pairs:
        key, text = name.lower(), escapes.unescape(value or "").strip()
        if key.startswith("on"):
            raise RenderError(f"the page has a handler `{key}`", where=where)
        if key in FETCHES and not text.startswith("data:"):
            raise RenderError(f"the page would fetch `{text[:80]}`", where=where)
        if key == "style":
            inline.add(text)
    ordered = iter(sorted(pair for pair in pairs if pair[0].startswith("data-")))
    kept = [next(ordered) if pair[0].startswith("data-") else pair for pair in pairs]
    text = "".join(f" {name}" if value is None else f' {name}="{value}"' for name, value in kept)
    return f"<{match[1]}{text}{match[3]}>"
