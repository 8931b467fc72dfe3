"""The orders of the caseload list, and paging in them by the last row seen."""

from __future__ import annotations

from dataclasses import dataclass

# SQL over one row of the standing `s` and its clinic's day `t.today`. Every expression has a value, so that rows can be
# compared one by one; what is empty sorts last in both directions.
_NEVER = "'9999-12-31'::date"
_GROUP = """CASE WHEN s.safety_from <= t.today THEN 0
                 WHEN s.overdue_from <= t.today OR s.next_due_on < t.today THEN 1
                 WHEN s.stalled_from <= t.today THEN 2
                 WHEN s.enrolled_on > t.today - %(new_days)s THEN 3 ELSE 4 END"""


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


def order_by(order: str, *, backwards: bool) -> str:
    """ORDER BY over k0, k1 … and the episode; turned round for a page that lies before a row."""
    keys = (*ORDERS[order], Key("episode_id"))
    names = [*(f"k{place}" for place in range(len(ORDERS[order]))), "episode_id"]
    return ", ".join(
        f"{name} {'DESC' if key.falls != backwards else 'ASC'}" for name, key in zip(names, keys, strict=True)
    )


def beyond(order: str, *, backwards: bool) -> str:
    """Whether a row `f` lies beyond the row `a`: greater by the first key in which they differ."""
    keys = (*ORDERS[order], Key("episode_id"))
    names = [*(f"k{place}" for place in range(len(ORDERS[order]))), "episode_id"]
    alternatives = []
    for place, (name, key) in enumerate(zip(names, keys, strict=True)):
        same = [f"f.{earlier} = a.{earlier}" for earlier in names[:place]]
        sign = "<" if key.falls != backwards else ">"
        alternatives.append(" AND ".join([*same, f"f.{name} {sign} a.{name}"]))
    return " OR ".join(f"({alternative})" for alternative in alternatives)
