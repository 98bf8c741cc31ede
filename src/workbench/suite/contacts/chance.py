"""Who is drawn by chance: by a keyed hash of each customer alone.

Whether a customer is drawn depends on the seed, on what for, and on the customer's own key, and
on nothing else: not on the order of the rows, nor on who else is there. So a customer who was
drawn once is drawn again in every later edition, and who is drawn for a share is drawn for every
larger one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

__all__ = ["drawn"]

_WHOLE = 2**64


def drawn(customers: Iterable[str], *, share: float, seed: int, what_for: str) -> Iterator[bool]:
    """Yield for each customer whether it is drawn.

    Parameters
    ----------
    customers
        The customers' keys.
    share
        Share that is drawn in the long run, 0 to 1.
    seed
        The suite's seed.
    what_for
        What they are drawn for; draws for two purposes are independent of each other.

    Notes
    -----
    The hash is BLAKE2b (RFC 7693) of 64 bits, its key the seed; read as a number, it is compared
    with the share of 2**64.

    Examples
    --------
    >>> list(drawn(["ann", "ben"], share=0.0, seed=1, what_for="win-back"))
    [False, False]
    >>> list(drawn(["ann", "ben"], share=1.0, seed=1, what_for="win-back"))
    [True, True]
    """
    limit = int(share * _WHOLE)
    key = hashlib.sha256(str(seed).encode()).digest()  # a seed may have any length
    begun = hashlib.blake2b(key=key, digest_size=8)
    begun.update(what_for.encode() + b"\0")
    for customer in customers:
        own = begun.copy()
        own.update(customer.encode("utf-8", "surrogatepass"))
        yield int.from_bytes(own.digest(), "big") < limit
