"""Who can consent, what it costs, and when consent has to be asked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from registry.rules.consent import (
    COST_WORDS,
    STARTER_TEXTS,
    Asked,
    Insured,
    age_on,
    cost_kind,
    fault_of,
    given_too_late,
    is_for_another,
    is_minor,
)

DAY = date(2026, 3, 2)
ADULT = Asked(DAY, date(1961, 5, 4), None, "patient", has_representative=False, minor_basis="")
CHILD = replace(ADULT, birth_date=date(2010, 5, 4))


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 3, 2), DAY, 18),
        (date(2008, 3, 3), DAY, 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age
    assert is_minor(born, day) is (age < 18)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (ADULT, None),
        (replace(ADULT, given_by="representative"), "representative"),
        (replace(ADULT, given_by="representative", has_representative=True), None),
        (replace(ADULT, given_by="minor", minor_basis="law"), "given_by"),
        (replace(ADULT, on=date(1961, 5, 3)), "on"),
        (replace(ADULT, died_on=date(2026, 3, 1)), "on"),
        (replace(ADULT, died_on=DAY), None),
        (CHILD, "given_by"),
        (replace(CHILD, given_by="minor"), "minor_basis"),
        (replace(CHILD, given_by="minor", minor_basis="  "), "minor_basis"),
        (replace(CHILD, given_by="minor", minor_basis="From 14 on, state code 1"), None),
        (replace(CHILD, given_by="representative"), "representative"),
        (replace(CHILD, given_by="representative", has_representative=True), None),
    ],
)
def test_what_cannot_be(asked: Asked, field: str | None) -> None:
    fault = fault_of(asked)
    assert (fault[0] if fault else None) == field


def test_the_future_is_refused_but_for_a_fast_clock() -> None:
    now = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    assert given_too_late(now + timedelta(minutes=5), now=now) is None
    assert given_too_late(now + timedelta(minutes=5, seconds=1), now=now) == (
        "on",
        "Consent cannot be given in the future. Correct the day or the time.",
    )


@pytest.mark.parametrize(
    ("insurances", "kind"),
    [
        ([], "self_pay"),
        ([Insured("Self-pay", is_self_pay=True)], "self_pay"),
        ([Insured("Medicare", is_medicare=True)], "medicare"),
        ([Insured("Medicare", is_medicare=True), Insured("State Medicaid")], "medicare"),
        ([Insured("Medicare", "QMB", is_medicare=True)], "nothing"),
        ([Insured("Medicare", is_medicare=True), Insured("Medicaid", "qualified medicare beneficiary")], "nothing"),
        ([Insured("Aetna", "QMBX")], "plan"),
        ([Insured("Aetna"), Insured("Medicare", is_medicare=True)], "plan"),
    ],
)
def test_what_it_may_cost(insurances: list[Insured], kind: str) -> None:
    assert cost_kind(insurances) == kind
    assert set(COST_WORDS[kind]) == {"en", "es"}


@pytest.mark.parametrize(
    ("consented", "billing", "again"),
    [("a", "a", False), ("a", "b", True), (None, "b", False), ("a", None, False), (None, None, False)],
)
def test_another_practitioner_needs_another_consent(consented: object, billing: object, again: bool) -> None:
    assert is_for_another(consented, billing) is again


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["care manager", "specialist", "share", "pay", "QMB", "Only one practitioner", "stop at any time"]),
        ("es", ["especialista", "compartimos", "pague", "QMB", "Solo un profesional", "dejarlo en cualquier momento"]),
    ],
)
def test_the_suggested_text_tells_what_it_must(language: str, told: list[str]) -> None:
    assert [words for words in told if words not in STARTER_TEXTS[language]] == []
