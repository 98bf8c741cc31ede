"""The Content-Security-Policy of a page: nothing is fetched, only known styles and scripts.

A page that is opened from a file has no server to send headers, so the policy stands in a meta
element, before anything that it rules.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

__all__ = ["policy", "style_hash"]


def style_hash(css: str) -> str:
    """Return the source expression that allows exactly this style (or script)."""
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def policy(
    styles: Iterable[str], attributes: Iterable[str] = (), scripts: Iterable[str] = ()
) -> str:
    """Return the policy that allows some styles and pictures within the page, and no other script.

    Parameters
    ----------
    styles
        The content of each ``<style>`` element, byte for byte.
    attributes
        The value of each ``style=`` attribute.
    scripts
        The content of each ``<script>`` element, byte for byte; none runs unless it is named. These
        scripts cannot turn text into markup.
    """
    hashes = sorted({style_hash(css) for css in styles})
    inline = sorted({style_hash(css) for css in attributes})
    allowed = [*hashes, *(["'unsafe-hashes'", *inline] if inline else [])] or ["'none'"]
    runs = sorted({style_hash(script) for script in scripts})
    ruled = (
        f"script-src {' '.join(runs)}; require-trusted-types-for 'script'; trusted-types 'none'; "
        if runs
        else ""
    )
    return (
        f"default-src 'none'; {ruled}"
        f"style-src {' '.join(allowed)}; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )
