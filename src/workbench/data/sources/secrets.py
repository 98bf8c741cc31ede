"""Secrets are named in the parameters, looked up when a source is opened, and never shown.

``${env:NAME}`` in a ``path:`` or ``url:`` stands for an environment variable. What it resolves to
is remembered for the life of the process, so that publishing can search every edition for it.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

from workbench.errors import SourceError

__all__ = [
    "SHORTEST",
    "redact",
    "referenced_secrets",
    "remember_password",
    "remember_secret",
    "resolve_secrets",
    "resolved_secrets",
    "secret_forms",
]

SHORTEST = 4
"""Shorter values are in every text; a secret that short protects nothing."""

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_HIDDEN = "***"
_PASSWORDS = ("password", "sslpassword")  # of a URL's query
_LONG = 8  # characters from which a part of a secret, or of its base64, stands in no text by chance
_ESCAPES: tuple[Callable[[str], str], ...] = (
    html.escape,
    lambda text: html.escape(text, quote=False),
    lambda text: html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),  # Jinja
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: text.replace("\\", "\\\\"),  # Python, within a text that holds other quotes
    lambda text: text.replace("\\", "\\\\").replace("'", "\\'"),
    lambda text: quote(text, safe=""),
    quote,
    quote_plus,
    lambda text: text.replace('"', '""'),  # CSV, names in SQL
    lambda text: text.replace("'", "''"),  # texts in SQL
)
_known: set[str] = set()


def resolve_secrets(text: str, where: str, *, secret: bool = True) -> str:
    """Return a text with each ``${env:NAME}`` replaced by that environment variable.

    Parameters
    ----------
    text
        A ``path:`` or ``url:`` of a source.
    where
        File and key, for the message.
    secret
        Whether the values are remembered as secrets. False for a file's path: the name of a folder
        is none, and searching an edition for ``data`` would find it everywhere.

    Raises
    ------
    SourceError
        When a variable is not set; the message names it and the key.

    Examples
    --------
    >>> resolve_secrets("sqlite:///shop.db", "atlas.yml, sources.orders.shop")
    'sqlite:///shop.db'
    """
    missing = [name for name in _REFERENCE.findall(text) if not os.environ.get(name)]
    if missing:
        raise SourceError(
            f"the environment variable {missing[0]} is not set",
            where=where,
            fix=f"Set {missing[0]} before the source is read; `${{env:{missing[0]}}}` stands for "
            "it.",
        )
    if secret:
        for name in _REFERENCE.findall(text):
            remember_secret(os.environ[name])
    return _REFERENCE.sub(lambda match: os.environ[match[1]], text)


def remember_secret(value: str) -> None:
    """Remember a secret, as it stands and decoded; of a URL also its password."""
    _known.update((value, unquote(value)))
    remember_password(value)


def remember_password(url: str) -> None:
    """Remember the passwords that a URL holds, as they stand and decoded; nothing without one."""
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
    except ValueError:
        return
    for found in (parts.password, *(one for name in _PASSWORDS for one in asked.get(name, ()))):
        if found:
            _known.update((found, unquote(found)))


def resolved_secrets() -> frozenset[str]:
    """Return every secret that this process has resolved."""
    return frozenset(_known)


def referenced_secrets(texts: Iterable[str]) -> frozenset[str]:
    """Return the secrets that the given URLs name and that are set, without opening anything.

    For a process that publishes what another one has read.
    """
    for text in texts:
        for name in _REFERENCE.findall(text):
            if os.environ.get(name):
                remember_secret(os.environ[name])
        remember_password(_REFERENCE.sub(lambda match: os.environ.get(match[1], ""), text))
    return resolved_secrets()


def redact(text: str) -> str:
    """Return a text with every resolved secret, and every password of a URL, blotted out."""
    forms = {form for secret in _known for form in (secret_forms(secret) or {secret})}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, _HIDDEN)
    return re.sub(r"(://[^/\s:@]*:)[^@\s]*@", rf"\1{_HIDDEN}@", text)


@lru_cache(maxsize=1024)
def secret_forms(secret: str) -> frozenset[str]:
    """Return the forms in which a secret may stand in a text; none of one that is too short.

    As it is, without the white space around it, line by line, as base64, and escaped for HTML,
    JSON, Python, a URL, CSV or SQL, or for two of them, one within the other.

    Examples
    --------
    >>> "p&amp;ss" in secret_forms("p&ss")
    True
    >>> secret_forms("abc")
    frozenset()
    """
    bare = secret.strip()
    if len(bare) < SHORTEST:
        return frozenset()
    lines = (line.strip() for line in bare.splitlines())
    # Not the frame of a key file, which is the same in all.
    found = {bare, *(line for line in lines if len(line) >= _LONG and not line.startswith("---"))}
    for _ in range(2):
        found |= {escape(form) for form in found for escape in _ESCAPES}
    return frozenset(found | _base64_forms(bare))


def _base64_forms(text: str) -> set[str]:
    """Return a text's base64, alone and, of a longer text, as it stands amid other bytes."""
    content = text.encode(errors="surrogateescape")
    found = {base64.b64encode(content).decode().rstrip("=")}
    if len(content) >= _LONG:
        for before in range(3):  # bytes of what stands before it in its first group of three
            whole = base64.b64encode(bytes(before) + content).decode().rstrip("=")
            found.add(whole[-(-before * 8 // 6) : (before + len(content)) * 8 // 6])
    return found | {form.translate({43: "-", 47: "_"}) for form in found}
