"""Contacts with support: topics, teams, times to answer and to resolve, satisfaction, words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.data.demo.people import People, full_names
from workbench.data.demo.shared import Bools, Floats, Ints, Texts, Times, choose, pick, texts

__all__ = ["Cases", "Desk", "ask_after_orders", "open_cases"]

_PRIORITY_FACTOR = {"urgent": 0.25, "high": 0.5, "normal": 1.0, "low": 1.8}
_WORDS = (
    "Please look into it. {topic}. Call me on {phone}, {name}",
    "I wrote before and had no answer: {topic}. {name}, {email}",
    "Hello, a question on {topic}. Thank you, {name}",
    "{topic} again! This is not good enough. {name}",
    "Could someone help with {topic}? Best reached at {email}.",
)


@dataclass(frozen=True)
class Desk:
    """How a support desk works.

    Parameters
    ----------
    topics
        Topic -> (weight, team, typical hours until it is resolved).
    vias
        Channels with their weights.
    agents
        How many people work in each team.
    """

    topics: dict[str, tuple[float, str, float]]
    vias: tuple[tuple[str, float], ...]
    agents: int = 6


@dataclass(frozen=True)
class Cases:
    """Contacts sorted by opening, one element per contact in every array.

    Parameters
    ----------
    customer
        Index of the customer.
    opened, answered, resolved
        Times to the minute; not-a-time where it has not happened by the end of the data.
    via, topic, priority, team, agent
        What the desk wrote down.
    reopened
        Whether it was opened again.
    stars
        Satisfaction 1 to 5; 0 where the customer did not say.
    words
        What the customer wrote; names a person.
    """

    customer: Ints
    opened: Times
    answered: Times
    resolved: Times
    via: Texts
    topic: Texts
    priority: Texts
    team: Texts
    agent: Texts
    reopened: Bools
    stars: Ints
    words: Texts


def open_cases(
    rng: np.random.Generator,
    desk: Desk,
    customer: Ints,
    opened: Times,
    end: np.datetime64,
    people: People,
) -> Cases:
    """Return the contacts with all that happened to them.

    Parameters
    ----------
    rng, desk
        Chance, and how the desk works.
    customer, opened
        Who opened a contact and when.
    end
        The moment after the data's last minute: what comes later is not known yet.
    people
        One person per customer, named in the words.
    """
    order = np.lexsort((customer, opened))
    customer, opened = customer[order], opened[order]
    size = len(customer)
    weights = np.array([weight for weight, _, _ in desk.topics.values()])
    number = choose(rng, weights, size)
    topic = texts(desk.topics)[number]
    team = texts([team for _, team, _ in desk.topics.values()])[number]
    hours = np.array([typical for _, _, typical in desk.topics.values()])[number]
    priority = pick(rng, (("low", 0.2), ("normal", 0.6), ("high", 0.15), ("urgent", 0.05)), size)
    hours = hours * np.array([_PRIORITY_FACTOR[p] for p in priority.tolist()])
    answer: Floats = hours * 0.15 * rng.lognormal(0, 0.7, size)
    solve: Floats = answer + hours * rng.lognormal(0, 0.8, size)
    reopened = rng.random(size) < 0.07
    solve = np.where(reopened, solve * 1.9, solve)
    answered = _after(opened, answer, end)
    resolved = _after(opened, solve, end)
    mood = 5.3 - 0.55 * np.log1p(solve) - 0.9 * reopened + rng.normal(0, 0.7, size)
    said = (rng.random(size) < 0.45) & ~np.isnat(resolved)
    stars = np.where(said, np.clip(np.round(mood), 1, 5), 0).astype(np.int64)
    return Cases(
        customer=customer,
        opened=opened,
        answered=answered,
        resolved=resolved,
        via=pick(rng, desk.vias, size),
        topic=topic,
        priority=priority,
        team=team,
        agent=_agents(rng, team, desk.agents),
        reopened=reopened,
        stars=stars,
        words=_words(rng, topic, customer, people),
    )


def ask_after_orders(
    rng: np.random.Generator,
    desk: Desk,
    share: float,
    customer: Ints,
    ordered: Times,
    end: np.datetime64,
    people: People,
) -> Cases:
    """Return the contacts that follow orders, some days later.

    Parameters
    ----------
    rng, desk, end, people
        As for :func:`open_cases`; one person per customer.
    share
        Share of the orders that lead to a contact.
    customer, ordered
        Of each order.
    """
    asks = np.flatnonzero(rng.random(len(ordered)) < share)
    minutes = (rng.gamma(1.5, 3.0, len(asks)) * 1440 + 30).astype("timedelta64[m]")
    opened = ordered[asks] + minutes
    seen = opened < end
    return open_cases(rng, desk, customer[asks][seen], opened[seen], end, people)


def _after(start: Times, hours: Floats, end: np.datetime64) -> Times:
    when = start + np.maximum(1, np.round(hours * 60)).astype("timedelta64[m]")
    return np.where(when < end, when, np.datetime64("NaT", "m"))


def _agents(rng: np.random.Generator, team: Texts, count: int) -> Texts:
    seat = rng.integers(1, count + 1, len(team)).tolist()
    return texts([f"{t[:2].upper()}{s:02d}" for t, s in zip(team.tolist(), seat, strict=True)])


def _words(rng: np.random.Generator, topic: Texts, customer: Ints, people: People) -> Texts:
    told = (full_names(people), people.email, people.phone)
    name, email, phone = (part[customer].tolist() for part in told)
    form = rng.integers(0, len(_WORDS), len(topic)).tolist()
    return texts(
        [
            _WORDS[f].format(topic=t.capitalize(), name=n, email=e, phone=p)
            for f, t, n, e, p in zip(form, topic.tolist(), name, email, phone, strict=True)
        ]
    )
