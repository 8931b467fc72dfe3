"""A setting that became another: which, of what, and what it affects. Values as people say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

NONE: Final = "none"


@dataclass(frozen=True)
class SettingTable:
    """A table of settings: how it is called, which of its columns are told, and what a change of it affects.

    `at` and `by` are the columns that say when a version was made and by whom. Where a change does not renew them
    (`is_stamped` false), the history says it. `ends` are the columns of a fact that is never edited: when and by whom
    it was taken back. `clinic` and `about` are columns too, empty where the table has none.
    `effects` say by a column's words what a change of it affects, where `affects` is said of the whole table.
    """

    key: str
    words: str
    affects: str
    table: str
    fields: Mapping[str, str]
    at: str = "changed_at"
    by: str = "changed_by_id"
    is_stamped: bool = True
    ends: tuple[str, str] | None = None
    clinic: str = ""
    about: str = ""
    has_history: bool = True
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    effects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Became:
    """One value that became another, in words."""

    words: str
    before: str
    after: str


def changes_between(
    table: SettingTable, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, names: Mapping[str, str]
) -> tuple[Became, ...]:
    """What differs between two versions; against nothing, what was set to something. `names` are those of ids."""
    was, now = before or {}, after or {}
    found = [(name, words, was.get(name), now.get(name)) for name, words in table.fields.items()]
    told = [
        Became(words, said(table, name, old, names), said(table, name, new, names)) for name, words, old, new in found
    ]
    return tuple(one for one in told if one.before != one.after)


def said(table: SettingTable, name: str, value: Any, names: Mapping[str, str]) -> str:
    """A value as people say it: `yes`, `8:00`, a name for an id; several in a row; long texts shortened."""
    if value is None or value in ("", [], {}):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, list):
        return ", ".join(said(table, name, one, names) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {said(table, name, one, names)}" for key, one in sorted(value.items()))
    text = str(value)
    told = table.said.get(name, {}).get(text) or names.get(text) or _plain(text)
    return told if len(told) <= 120 else told[:119] + "…"


def _plain(text: str) -> str:
    """A time of day without its seconds, a day as people say it; any other text as it is."""
    is_time = len(text) == 8 and text[2] == text[5] == ":" and text.replace(":", "").isdigit()
    if is_time:
        return text[:5]
    try:
        on = date.fromisoformat(text) if len(text) == 10 and text[4] == text[7] == "-" else None
    except ValueError:
        on = None
    return f"{on:%b} {on.day}, {on.year}" if on is not None else text


def affected(table: SettingTable, changes: Sequence[Became]) -> tuple[str, ...]:
    """What a change affects: of each value that became another, where the table tells it; else of the whole table."""
    told = [table.effects.get(one.words, "") for one in changes]
    return tuple(dict.fromkeys(one or table.affects for one in told)) or (table.affects,)
