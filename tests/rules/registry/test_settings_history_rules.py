"""What differs between two versions of a setting, as people say it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from registry.rules.settings_history import Became, SettingTable, affected, changes_between, said

TABLE = SettingTable(
    "protocol",
    "Limits",
    "Much.",
    "a_table",
    {"days": "Days", "program": "Program", "who": "Who"},
    said={"program": {"bhi": "General BHI"}},
)
NAMES = {"0192": "Ann Lee"}


def test_only_what_differs_is_told() -> None:
    before = {"days": 2, "program": "cocm", "who": None}
    after = {"days": 2, "program": "bhi", "who": "0192", "other": 5}
    assert changes_between(TABLE, before, after, NAMES) == (
        Became("Program", "cocm", "General BHI"),
        Became("Who", "none", "Ann Lee"),
    )
    assert changes_between(TABLE, None, {"days": 3}, NAMES) == (Became("Days", "none", "3"),)
    assert changes_between(TABLE, {"days": 3}, None, NAMES) == (Became("Days", "3", "none"),)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"), ("", "none"), ([], "none"), (0, "0"), (True, "yes"), (False, "no"), ("08:00:00", "08:00"),
        ("12345678", "12345678"), (["0192", "bhi"], "Ann Lee, bhi"), ([[3, "phone"], [10, "letter"]],
        "3, phone, 10, letter"), ({"b": 1, "a": True}, "a: yes; b: 1"), ("x" * 121, "x" * 119 + "…"),
        ("x" * 120, "x" * 120), (Decimal("120.0"), "120.00"), ("2026-09-17", "Sep 17, 2026"),
        ("2026-99-17", "2026-99-17"),
    ],
)  # fmt: skip
def test_values_are_said_as_people_say_them(value: Any, words: str) -> None:
    assert said(TABLE, "who", value, NAMES) == words


def test_what_a_change_affects_is_said_of_each_value_once() -> None:
    table = replace(TABLE, effects={"Days": "When it is late.", "Who": "When it is late."})
    days, program, who = Became("Days", "1", "2"), Became("Program", "a", "b"), Became("Who", "a", "b")
    assert affected(table, (days, program, who)) == ("When it is late.", "Much.")
    assert affected(TABLE, (days,)) == affected(table, ()) == ("Much.",)
