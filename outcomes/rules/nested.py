"""Which counts of a report are of the same patients, one within the other: their difference is a count of patients too.

A part of a measure is its `base` (who counts), or of a share those who `met` or `missed` it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from outcomes.rules.measure import Kind
from outcomes.rules.measures import MEASURES

BASE, MET, MISSED = "base", "met", "missed"
Part = tuple[str, str]


def _equal(*keys: str) -> tuple[tuple[Part, Part], ...]:
    """Measures that ask about the same patients."""
    first, *others = ((key, BASE) for key in keys)
    return tuple(pair for other in others for pair in ((first, other), (other, first)))


# The inner part, and the next one around it. Some hold of patients and not of enrolments, or but for whoever changed
# the program: what may be within is not told either.
_DIRECT: Final[tuple[tuple[Part, Part], ...]] = (
    *_equal("enrolled", "contact_and_score", "remission", "caseload_per_fte"),
    (("enrolled", BASE), ("said_share", BASE)),
    (("newly_enrolled", BASE), ("enrolled", BASE)),
    (("registry_complete", BASE), ("enrolled", BASE)),
    (("completeness", BASE), ("registry_complete", BASE)),
    (("improvement", BASE), ("enrolled", BASE)),
    (("consultation", BASE), ("improvement", MISSED)),
    (("consultation", BASE), ("enrolled", BASE)),
    (("first_review_days", BASE), ("enrolled", BASE)),
    (("reviewed_30", BASE), ("enrolled", BASE)),
    *_equal("ed_before", "ed_after"),
    *_equal("stays_before", "stays_after"),
    (("ed_before", BASE), ("enrolled", BASE)),
    (("stays_before", BASE), ("enrolled", BASE)),
    *_equal("response_16", "remission_16"),
    (("remission_16", MET), ("response_16", MET)),
    (("response_16", MISSED), ("remission_16", MISSED)),
    (("billed_share", BASE), ("enrolled", BASE)),
    (("expected_mean", BASE), ("billed_share", BASE)),
    (("paid_mean", BASE), ("billed_share", BASE)),
    (("billed_share", MISSED), ("expected_mean", BASE)),
    (("billed_share", MISSED), ("paid_mean", BASE)),
    (("attempt_days", BASE), ("referred_enrolled", BASE)),
    (("referred_enrolled", MET), ("attempt_days", BASE)),
    *_equal("nys_2", "nys_5", "nys_7"),
    (("nys_2", BASE), ("nys_1", BASE)),
    (("nys_3", BASE), ("nys_2", BASE)),
    (("nys_6", BASE), ("nys_2", BASE)),
    (("nys_8", BASE), ("nys_6", MISSED)),
    (("nys_6", MISSED), ("nys_8", BASE)),
)


def _around() -> dict[Part, set[Part]]:
    """Each part, and all around it however far."""
    found: dict[Part, set[Part]] = {}
    shares = [
        ((one.key, part), (one.key, BASE)) for one in MEASURES if one.kind is Kind.SHARE for part in (MET, MISSED)
    ]
    for inner, outer in (*_DIRECT, *shares):
        found.setdefault(inner, set()).add(outer)
    return {inner: _reached(inner, found) for inner in found}


def _reached(inner: Part, next_: Mapping[Part, set[Part]]) -> set[Part]:
    reached: set[Part] = set()
    waiting = [inner]
    while waiting:
        further = next_.get(waiting.pop(), set()) - reached - {inner}
        reached |= further
        waiting += further
    return reached


# Of two counts that leave few between them, the inner one is hidden; but these give way to what is in them, so that
# not most of a report is hidden with it.
_GIVE_WAY: Final = frozenset({"nys_1", "said_share"})


def _by_key() -> dict[str, tuple[tuple[str, str, str], ...]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    pairs = sorted((inner, outer) for inner, around in _around().items() for outer in around if inner[0] != outer[0])
    for inner, outer in pairs:
        (key, part), (other, of) = (outer, inner) if outer[0] in _GIVE_WAY else (inner, outer)
        found.setdefault(key, []).append((part, other, of))
    return {key: tuple(of_key) for key, of_key in found.items()}


WITHIN: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = _by_key()
"""By measure that would be hidden: a part of it, another measure, and the part of that one in it or around it."""
