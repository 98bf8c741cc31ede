"""Searches an edition for secrets before it is published; finding one stops it."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

from workbench.errors import PublishError
from workbench.files import files_below

__all__ = ["SHORTEST", "refuse_secrets"]

SHORTEST = 4
"""Shorter values are in every text; a secret that short protects nothing."""


def refuse_secrets(folder: Path, secrets: Iterable[str], where: str) -> None:
    """Raise when a file below a folder holds a secret, plain or as JSON, HTML, URL or base64.

    Parameters
    ----------
    folder
        The staged edition.
    secrets
        The values that ``${env:NAME}`` stood for in this run.
    where
        The suite and unit, for the message; the message never holds the secret.

    Raises
    ------
    PublishError
        Naming the file.
    """
    wanted = sorted({form for secret in secrets for form in _forms(secret)})
    if not wanted:
        return
    for path in files_below(folder):
        content = path.read_bytes()
        if any(form in content for form in wanted):
            raise PublishError(
                f"a secret of a source stands in {path.relative_to(folder)}; nothing was published",
                where=where,
                fix="Find what shows it (a notebook that prints a connection, an error message) "
                "and take it out. The last good edition is still served.",
            )


def _forms(secret: str) -> set[bytes]:
    if len(secret) < SHORTEST:
        return set()
    texts = {
        secret,
        html.escape(secret),
        html.escape(secret, quote=False),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(secret.encode()).decode().rstrip("="),
    }
    return {text.encode() for text in texts}
