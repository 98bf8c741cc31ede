"""Secrets are named in the parameters, looked up when a source is opened, and never shown.

``${env:NAME}`` in a ``path:`` or ``url:`` stands for an environment variable. What it resolves to
is remembered for the life of the process, so that publishing can search every edition for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from workbench.errors import SourceError

__all__ = [
    "redact",
    "referenced_secrets",
    "remember_password",
    "remember_secret",
    "resolve_secrets",
    "resolved_secrets",
]

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_HIDDEN = "***"
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
    """Remember a secret; of a URL also its password, as it stands and decoded."""
    _known.add(value)
    remember_password(value)


def remember_password(url: str) -> None:
    """Remember the password that a URL holds, as it stands and decoded; nothing without one."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        _known.update((password, unquote(password)))


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
        if not _REFERENCE.search(text):
            remember_password(text)
    return resolved_secrets()


def redact(text: str) -> str:
    """Return a text with every resolved secret, and every password of a URL, blotted out."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return re.sub(r"(://[^/\s:@]*:)[^@\s]*@", rf"\1{_HIDDEN}@", text)
