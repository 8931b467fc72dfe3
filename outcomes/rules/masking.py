"""What of counts leaves the organization: small ones are hidden, and others so that no subtraction tells them.

Every row of a table is given as the counts that could be told from it: how many there are, how many met what was asked,
how many did not, and how many of another row's it leaves out. A count from 1 to one below the limit is small.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeVar

Counts = Sequence[int]
K = TypeVar("K", bound=Hashable)
_FEWEST_HIDDEN: Final = 2


def is_small(counts: Counts, under: int) -> bool:
    """Whether one of the counts is of so few that it may not be told. None is small where nothing is hidden."""
    return any(0 < count < under for count in counts)


def hidden_among(rows: Mapping[K, Counts], under: int) -> frozenset[K]:
    """Which rows of a table are hidden when their total stands below them, or may be known from elsewhere.

    The small ones; and, the smallest first, others until what the total says of all hidden ones together is not small
    either, and is not of a single one. All rows have the same number of counts.
    """
    hidden = {key for key, counts in rows.items() if is_small(counts, under)}
    left = sorted(
        (key for key in rows if key not in hidden and any(rows[key])), key=lambda key: (sum(rows[key]), str(key))
    )
    for key in left:
        if not hidden or not _is_told(hidden, rows, under):
            break
        hidden.add(key)
    return frozenset(hidden)


def _is_told(hidden: set[K], rows: Mapping[K, Counts], under: int) -> bool:
    """Whether the hidden rows could be told from the total less the others."""
    together = [sum(column) for column in zip(*(rows[key] for key in hidden), strict=True)]
    return len(hidden) < _FEWEST_HIDDEN or is_small(together, under)
