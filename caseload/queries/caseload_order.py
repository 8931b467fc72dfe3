"""The orders of the caseload list, and paging in them by the last row seen."""

from __future__ import annotations

from dataclasses import dataclass

# SQL over one row of the standing `s` and its clinic's day `t.today`. Every expression has a value, so that rows can be
# compared one by one; what is empty sorts last in both directions.
_NEVER = "'9999-12-31'::date"

# Who needs somebody first, the first condition that holds; who meets none comes last.
_NEEDS = (
    "s.safety_from <= t.today",
    "(s.overdue_from <= t.today OR s.next_due_on < t.today)",
    "s.stalled_from <= t.today",
    "s.enrolled_on > t.today - %(new_days)s",
)
_GROUP = f"CASE {' '.join(f'WHEN {need} THEN {place}' for place, need in enumerate(_NEEDS))} ELSE {len(_NEEDS)} END"


@dataclass(frozen=True)
class Key:
    """An expression to sort by."""

    sql: str
    falls: bool = False


def _up(column: str, empty: str) -> Key:
    return Key(f"coalesce({column}, {empty})")


def _down(column: str, empty: str) -> Key:
    return Key(f"coalesce({column}, {empty})", falls=True)


_NAME = Key("s.sort_name")
_PHQ9_CHANGE = "s.phq9_last - s.phq9_baseline"
_GAD7_CHANGE = "s.gad7_last - s.gad7_baseline"
_LOWEST = "'-infinity'::date"

# By what a person may sort. A minus turns it round; names break ties, and the episode's id breaks those.
ORDERS: dict[str, tuple[Key, ...]] = {
    "attention": (Key(_GROUP), _up("s.next_due_on", _NEVER), _NAME),
    "name": (_NAME,),
    "-name": (Key("s.sort_name", falls=True),),
    "enrolled": (Key("s.enrolled_on"), _NAME),
    "-enrolled": (Key("s.enrolled_on", falls=True), _NAME),
    "-phq9": (_down("s.phq9_last", "-1000"), _NAME),
    "phq9-change": (_up(_PHQ9_CHANGE, "1000"), _NAME),
    "-phq9-change": (_down(_PHQ9_CHANGE, "-1000"), _NAME),
    "-gad7": (_down("s.gad7_last", "-1000"), _NAME),
    "gad7-change": (_up(_GAD7_CHANGE, "1000"), _NAME),
    "-gad7-change": (_down(_GAD7_CHANGE, "-1000"), _NAME),
    "contact": (_up("s.last_contact_on", _NEVER), _NAME),
    "-contact": (_down("s.last_contact_on", _LOWEST), _NAME),
    "due": (_up("s.next_due_on", _NEVER), _NAME),
    "-due": (_down("s.next_due_on", _LOWEST), _NAME),
}
DEFAULT_ORDER = "attention"


def columns(order: str) -> str:
    """The sort keys of a row, to be selected as k0, k1 …"""
    return ", ".join(f"{key.sql} AS k{place}" for place, key in enumerate(ORDERS[order]))


def groups(order: str) -> list[str]:
    """Conditions that part all rows, those of the first sorting before those of the next, where that saves sorting.

    Only in the order of need: few are in the first groups, and each group is quickly found and sorted by itself.
    """
    if order != DEFAULT_ORDER:
        return ["true"]
    others = [" AND ".join(f"({need}) IS NOT TRUE" for need in _NEEDS[:place]) for place in range(len(_NEEDS) + 1)]
    return [" AND ".join(filter(None, [need, other])) for need, other in zip((*_NEEDS, ""), others, strict=True)]


def order_by(order: str, *, backwards: bool, within_group: bool = False) -> str:
    """ORDER BY over k0, k1 … and the episode; turned round for a page that lies before a row.

    Within a group of the order of need, k0 is the same for all.
    """
    named = _named_keys(order)[1 if within_group and order == DEFAULT_ORDER else 0 :]
    return ", ".join(f"{name} {'DESC' if key.falls != backwards else 'ASC'}" for name, key in named)


def beyond(order: str, *, backwards: bool) -> str:
    """Whether a row `f` lies beyond the row `a`: greater by the first key in which they differ."""
    named = _named_keys(order)
    alternatives = []
    for place, (name, key) in enumerate(named):
        same = [f"f.{earlier} = a.{earlier}" for earlier, _ in named[:place]]
        sign = "<" if key.falls != backwards else ">"
        alternatives.append(" AND ".join([*same, f"f.{name} {sign} a.{name}"]))
    return " OR ".join(f"({alternative})" for alternative in alternatives)


def _named_keys(order: str) -> list[tuple[str, Key]]:
    keys = [(f"k{place}", key) for place, key in enumerate(ORDERS[order])]
    return [*keys, ("episode_id", Key("episode_id"))]
