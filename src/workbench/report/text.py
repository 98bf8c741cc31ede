"""Text from data, made harmless: for HTML, for Markdown, for a spreadsheet.

A customer's name can hold a script, a Markdown link, a formula or a character that turns the
reading direction round. Each function here is for one place where such a string can end.
"""

from __future__ import annotations

import hashlib
import html
import re

from workbench.errors import NotebookError

__all__ = ["clean", "escape_html", "escape_markdown", "formula_safe", "slug", "slug_of"]

REPLACEMENT = "\ufffd"

# Controls but tab and newline; marks and overrides of direction; invisible operators and tags;
# half surrogates, which no encoding can write; characters that Unicode says are none.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=:\"'@/%])")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def clean(text: object) -> str:
    r"""Return text without characters that hide, reorder or break what is around them.

    Each such character becomes U+FFFD, so that the reader sees that something stood there. Line
    ends become ``\n``.

    Examples
    --------
    >>> clean("safe\u202egnp.exe")
    'safe�gnp.exe'
    """
    lines = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub(REPLACEMENT, lines)


def escape_html(text: object) -> str:
    """Return cleaned text for an HTML element or a quoted attribute.

    Braces are escaped too: a page passes through template and shortcode engines.

    Examples
    --------
    >>> escape_html('<b title="x">{{')
    '&lt;b title=&quot;x&quot;&gt;&#123;&#123;'
    """
    return html.escape(clean(text), quote=True).replace("{", "&#123;").replace("}", "&#125;")


def escape_markdown(text: object) -> str:
    r"""Return cleaned text, on one line, that Markdown shows as it is.

    Examples
    --------
    >>> escape_markdown("[a](b)")
    '\\[a\\]\\(b\\)'
    """
    one_line = " ".join(clean(text).split())
    return _MARKDOWN.sub(r"\\\1", one_line)


def formula_safe(value: object) -> object:
    """Return a CSV value that no spreadsheet takes for a formula; only strings are changed.

    A leading apostrophe is put before a string that starts like a formula.

    Examples
    --------
    >>> formula_safe("=1+1"), formula_safe(-5)
    ("'=1+1", -5)
    """
    if isinstance(value, str):
        value = clean(value)
        if value.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) or value.startswith("\n"):
            return f"'{value}"
    return value


def slug(name: str, *, where: str) -> str:
    """Return an id that is a lower-case slug, or refuse it.

    Raises
    ------
    NotebookError
        When the id holds anything but lower-case letters, digits, and single ``-`` or ``_``
        between them.
    """
    if not isinstance(name, str) or not _SLUG.fullmatch(name) or len(name) > 80:
        raise NotebookError(
            f"`{clean(name)}` is not an id",
            where=where,
            fix="Use at most 80 lower-case letters, digits, - and _, such as churn-by-plan.",
        )
    return name


def slug_of(text: str) -> str:
    """Return a stable id for a text: its first words, and a digest against clashes.

    Examples
    --------
    >>> slug_of("Churn fell to 3.1%")
    'churn-fell-to-3-1-263e71'
    """
    words = re.findall(r"[a-z0-9]+", text.lower())[:5]
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
    return "-".join([*words, digest])[-80:].lstrip("-_")
