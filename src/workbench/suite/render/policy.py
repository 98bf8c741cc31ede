"""The Content-Security-Policy of a page: nothing runs, nothing is fetched, only known styles.

A page that is opened from a file has no server to send headers, so the policy stands in a meta
element, before anything that it rules.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

__all__ = ["policy", "style_hash"]


def style_hash(css: str) -> str:
    """Return the source expression that allows exactly this style."""
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def policy(styles: Iterable[str], attributes: Iterable[str] = ()) -> str:
    """Return the policy that allows some styles and pictures within the page, and no script.

    Parameters
    ----------
    styles
        The content of each ``<style>`` element, byte for byte.
    attributes
        The value of each ``style=`` attribute.
    """
    hashes = sorted({style_hash(css) for css in styles})
    inline = sorted({style_hash(css) for css in attributes})
    allowed = [*hashes, *(["'unsafe-hashes'", *inline] if inline else [])] or ["'none'"]
    return (
        "default-src 'none'; "
        f"style-src {' '.join(allowed)}; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )
