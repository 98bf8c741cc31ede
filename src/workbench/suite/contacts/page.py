"""The page that says who is contacted and who is not: the answer first, no script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from workbench.suite.compare.page import page_css
from workbench.suite.contacts.settling import OUTCOMES
from workbench.suite.contacts.words import MEANINGS, REASONS, policy_words, summary
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.policy import policy
from workbench.suite.templating import page_templates

__all__ = ["contacts_page"]


def contacts_page(
    document: Mapping[str, Any], *, portal_href: str | None = None, lang: str = "en"
) -> bytes:
    """Return the page, as UTF-8 HTML.

    Parameters
    ----------
    document
        What ``contacts.json`` holds.
    portal_href
        Relative link to the portal; None for none.
    lang
        Language tag of the page.
    """
    css = _css()
    html = _template().render(
        doc=document,
        lang=lang,
        css=css,
        policy=policy([css]),
        portal_href=portal_href,
        summary=list(summary(document)),
        rules=list(policy_words(document)),
        others=[outcome for outcome in OUTCOMES if outcome != "contact"],
        reasons=REASONS,
        meanings=MEANINGS,
        shown=_shown,
    )
    return bytes(html.encode())


def _shown(customers: int | None, display: str) -> str:
    """Return a number of customers without the word, or why it is not shown, in few words."""
    if customers is not None:
        return f"{customers:,}"
    return display.removesuffix(" customers") if display.endswith(" customers") else "hidden"


@cache
def _css() -> str:
    own = files("workbench.suite.contacts") / "templates" / "contacts.css"
    return page_css() + "\n" + own.read_text(encoding="utf-8").strip()


@cache
def _template() -> Any:
    found = page_templates("workbench.suite.contacts")
    found.filters.update(FILTERS)
    return found.get_template("contacts.html.j2")
