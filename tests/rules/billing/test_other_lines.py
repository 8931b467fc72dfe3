"""Lines beside the BHI family, what a month hands on to the next, and codes of health centers, to the edge."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules import canonical
from billing.rules.books import book_in_force
from billing.rules.facts import AccessModel, EarlierLine, OtherService, Unreadable, from_json
from billing.rules.findings import Source
from billing.rules.verdicts import billed, judge
from tests.rules.billing.test_timeline import month


def verdict_of(facts):
    return judge(facts, book_in_force(facts.payer, date.fromisoformat(f"{facts.month}-01")))


@pytest.mark.parametrize(
    ("ccm_seconds", "said"),
    [
        (1199, []),
        (1200, ["20 minutes of CCM; 20 are needed."]),
        (1259, ["20 minutes of CCM; 20 are needed."]),
        (1260, ["21 minutes of CCM; 20 are needed."]),
    ],
)
def test_chronic_care_is_counted_in_whole_minutes(ccm_seconds, said):
    facts = month("2026-10", 40, other_services=(OtherService("99490"),))
    facts = replace(facts, time=replace(facts.time, ccm_seconds=ccm_seconds))
    assert [line.because for line in verdict_of(facts).lines if line.code == "99490"] == said


@pytest.mark.parametrize(
    ("billed_in", "units"),
    [("2025-10", 2), ("2025-11", 1), ("2026-09", 1), ("2026-10", 2), ("2026-11", 2)],
)
def test_co_management_counts_the_twelve_months_that_end_with_this_one(billed_in, units):
    facts = month(
        "2026-10",
        40,
        access=AccessModel(aligned=True),
        other_services=(OtherService("G0678"), OtherService("G0678")),
        billed_before=(EarlierLine(billed_in, "G0678", 2),),
    )
    assert [line.units for line in verdict_of(facts).lines if line.code == "G0678"] == [units]


def test_a_month_hands_on_its_units():
    verdict = verdict_of(month("2026-10", 110))
    assert billed(verdict) == (EarlierLine("2026-10", "99493", 1), EarlierLine("2026-10", "99494", 2))


@pytest.mark.parametrize("first", [True, False])
def test_collaborative_care_at_a_health_center_needs_a_case_review(first):
    facts = replace(month("2024-12", 80, setting="fqhc", first=first), reviews=())
    verdict = verdict_of(facts)
    assert [line.code for line in verdict.lines] == ["G0511"]
    assert [gap.word for gap in verdict.gaps] == ["case_review_missing"]


@pytest.mark.parametrize("first", [True, False])
def test_only_collaborative_care_reaches_its_code_at_a_health_center(first):
    facts = month("2024-12", 80, setting="fqhc", first=first)
    counted = replace(facts.time.counted, cocm_seconds=59 * 60)
    facts = replace(facts, time=replace(facts.time, counted=counted, if_consented=counted))
    assert [line.code for line in verdict_of(facts).lines] == ["G0511"]


def test_what_is_frozen_is_text_as_people_write_it():
    assert canonical.to_json(Source("K", "Müller: “care”", "")) == '{"key":"K","title":"Müller: “care”","url":""}'


@pytest.mark.parametrize("text", ["[]", "7"])
def test_what_is_no_object_is_named(text):
    with pytest.raises(Unreadable, match=r"^facts are a JSON object$"):
        from_json(text)
