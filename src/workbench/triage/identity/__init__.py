"""Who is the same customer: which records are one person, from load to load.

In the order of their work::

    roles, normal, phones, letters   which columns tell a person, and the one spelling of each
    people, blocking                 the records in these spellings, and which pairs are compared
    model, fit, linking              what agreement is worth, learned without labels; the links
    reasons                          each link's probability and reasons, in words
    clusters                         links -> customers, with identifiers that last
    reviews                          what only the owner can tell: asked, answered, obeyed
    resolving                        one load of a unit, all of it: what ingest calls
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily
from workbench.triage.identity.clusters import (
    Answer,
    Change,
    Customers,
    Groups,
    LeftOut,
    join,
    lasting,
)
from workbench.triage.identity.reviews import (
    Review,
    answers_digest,
    read_answers,
    read_reviews,
    to_review,
    write_reviews,
)

if TYPE_CHECKING:
    from workbench.triage.identity.linking import LINKED, REVIEWED, Linking, link_records
    from workbench.triage.identity.reasons import Agreement, Link, in_words
    from workbench.triage.identity.resolving import Resolved, resolve_customers
else:  # these wait for Splink, which an ingest without customers does not need
    __getattr__ = lazily(
        __name__,
        dict.fromkeys(
            ("LINKED", "REVIEWED", "Linking", "link_records"), "workbench.triage.identity.linking"
        )
        | dict.fromkeys(("Agreement", "Link", "in_words"), "workbench.triage.identity.reasons")
        | dict.fromkeys(("Resolved", "resolve_customers"), "workbench.triage.identity.resolving"),
    )

__all__ = [
    "LINKED",
    "REVIEWED",
    "Agreement",
    "Answer",
    "Change",
    "Customers",
    "Groups",
    "LeftOut",
    "Link",
    "Linking",
    "Resolved",
    "Review",
    "answers_digest",
    "in_words",
    "join",
    "lasting",
    "link_records",
    "read_answers",
    "read_reviews",
    "resolve_customers",
    "to_review",
    "write_reviews",
]
