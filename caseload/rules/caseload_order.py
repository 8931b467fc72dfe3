"""The order of a caseload: who needs the care manager first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from caseload.rules.days import FOREVER
from caseload.rules.signals import KINDS, RANK_OF, Kind
from caseload.rules.targets import targets_in_force

SAFETY, OVERDUE, STALLED, NEW, REST = range(5)

_GROUP_OF_FAMILY = {"safety": SAFETY, "contact": OVERDUE, "measure": OVERDUE}
_STALLED_WORDS = frozenset({"relapse_confirmed", "worsening", "relapse", "stalled", "non_responder"})
_OVERDUE_WORDS = frozenset({"review_overdue", "never_reviewed"})


def _group_of(kind: Kind) -> int:
    if kind.is_hint:
        return REST
    if kind.word in _STALLED_WORDS:
        return STALLED
    return OVERDUE if kind.word in _OVERDUE_WORDS else _GROUP_OF_FAMILY.get(kind.family, REST)


GROUP_OF = {kind.word: _group_of(kind) for kind in KINDS}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A patient's place in the caseload; smaller comes first. Ties are for names to break."""

    group: int
    next_due_on: date
    rank: int


def place(words: Iterable[str], *, enrolled_on: date, next_due_on: date | None, on: date) -> Place:
    """Safety, then overdue, stalled, new and the rest, each by what is due next, the undated last.

    Overdue is a signal of contact, measure or review that says so, or a follow-up past its date. New is an
    episode of less than `new_days`. `rank` is that of the most urgent signal. Source: default registry order
    of the product's clinical rules (2.4).
    """
    known = tuple(words)
    due = next_due_on or FOREVER
    is_new = (on - enrolled_on).days < targets_in_force(on).limits.new_days
    groups = [GROUP_OF[word] for word in known]
    groups += [OVERDUE] if due < on else []
    groups += [NEW] if is_new else []
    return Place(
        group=min(groups, default=REST),
        next_due_on=due,
        rank=min((RANK_OF[word] for word in known), default=len(KINDS)),
    )
