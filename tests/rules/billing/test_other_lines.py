"""Lines beside the BHI family, what a month hands on to the next, and codes of health centers, to the edge."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules import canonical
from billing.rules.books import book_in_force
from billing.rules.facts import AccessModel, EarlierLine, OtherService, Unreadable, from_json
from billing.rules.findings import Source
from billing.rules.verdicts import billed, judge
from caseload.rules.minutes import MonthMinutes
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


def test_lines_beside_say_why_and_cite_their_fields():
    facts = month(
        "2026-10",
        40,
        access=AccessModel(aligned=True),
        other_services=(OtherService("99495"), OtherService("99496"), OtherService("G0678")),
    )
    said = [
        (line.code, line.units, line.because, [citation.field for citation in line.citations])
        for line in verdict_of(facts).lines
    ]
    assert said == [
        (
            "99493",
            1,
            "40 minutes of CoCM, subsequent month; 31 are enough.",
            ["codes.99493.midpoint_minutes", "options.initial_month_policy"],
        ),
        ("99495", 1, "This practitioner bills transitional care this month.", ["codes.99495.since"]),
        ("99496", 1, "This practitioner bills transitional care this month.", ["codes.99496.since"]),
        (
            "G0678",
            1,
            "Co-management review; at most 3 in 12 months.",
            ["codes.G0678.since", "access.comanagement_limit"],
        ),
    ]


def test_the_apcm_base_says_why_and_cites_its_start():
    base, addon = verdict_of(month("2026-10", 1, other_services=(OtherService("G0557"),))).lines
    assert (base.because, [one.field for one in base.citations]) == (
        "This practitioner bills APCM this month.",
        ["codes.G0557.since"],
    )
    assert addon.because == "1 minute of CoCM, subsequent month; any counting time is enough."
    assert [one.field for one in addon.citations] == ["codes.G0569.since", "options.initial_month_policy"]


@pytest.mark.parametrize(
    ("options", "minutes", "fields"),
    [
        ((), 36, ["codes.99492.midpoint_minutes", "runs.gap_months"]),
        ((("time_rule", "full"),), 70, ["codes.99492.full_minutes", "runs.gap_months"]),
        (
            (("time_rule", "full"),),
            100,
            ["codes.99492.full_minutes", "runs.gap_months", "codes.99494.full_minutes", "options.addon_cap"],
        ),
        (
            (),
            86,
            ["codes.99492.midpoint_minutes", "runs.gap_months", "codes.99494.midpoint_minutes", "options.addon_cap"],
        ),
        ((("covers_g2214", True),), 20, ["options.g2214_min", "runs.gap_months"]),
    ],
)
def test_a_line_cites_the_threshold_that_set_it(options, minutes, fields):
    facts = month("2026-10", minutes, first=True, options=options)
    assert [one.field for line in verdict_of(facts).lines for one in line.citations] == fields


def test_a_further_unit_says_where_the_first_begins():
    (_, further) = verdict_of(month("2026-10", 110)).lines
    assert further.because == "110 minutes; the first further unit begins at 76."


@pytest.mark.parametrize(
    ("changes", "cited"),
    [
        ({"visits": ()}, [("initiating_visit_missing", "requirements.visit_within_years")]),
        ({"diagnoses": ("Z00.0",)}, [("diagnosis_missing", "requirements.diagnosis_prefixes")]),
        (
            {"payer": "commercial", "visits": ()},
            [("initiating_visit_missing", "requirements.visit_within_years"), ("not_covered", "options.covers_g2214")],
        ),
        (
            {"options": (("covers_99484", False), ("covers_g2214", False))},
            [("not_covered", "options.covers_g2214")],
        ),
    ],
)
def test_a_gap_cites_the_field_that_asks_for_it(changes, cited):
    facts = replace(month("2026-10", 25), **changes)
    assert [(gap.word, gap.citation.field) for gap in verdict_of(facts).gaps] == cited


@pytest.mark.parametrize(
    ("minutes", "bhi_only", "field"),
    [(10, False, "codes.99484.full_minutes"), (10, True, "codes.99484.full_minutes")],
)
def test_too_few_minutes_cite_the_last_code_that_was_tried(minutes, bhi_only, field):
    (gap,) = verdict_of(month("2026-10", minutes, bhi_only=bhi_only)).gaps
    assert (gap.word, gap.citation.field) == ("minutes_short", field)


def test_after_the_end_nothing_was_considered():
    facts = month("2026-10", 40)
    facts = replace(facts, time=MonthMinutes(logged_seconds=2400, only_after_end=True))
    verdict = verdict_of(facts)
    assert (verdict.considered, verdict.lines, verdict.next_step) == ((), (), None)
    assert [gap.word for gap in verdict.gaps] == ["program_ended"]


@pytest.mark.parametrize("setting", ["fqhc", "rhc"])
def test_a_health_center_keeps_the_order_of_an_office_whatever_its_place_of_service(setting):
    facts = month("2026-10", 25, setting=setting, place_of_service="22")
    assert [line.code for line in verdict_of(facts).lines] == ["G2214"]
    assert [line.code for line in verdict_of(month("2026-10", 25, place_of_service="22")).lines] == ["99484"]


def test_what_was_considered_shows_whole_minutes():
    facts = month("2026-10", 40)
    counted = replace(facts.time.counted, cocm_seconds=2459, bhi_seconds=2459)
    verdict = verdict_of(replace(facts, time=replace(facts.time, counted=counted, if_consented=counted)))
    assert [(one.code, one.needed_minutes, one.minutes, one.missing, one.outcome) for one in verdict.considered] == [
        ("99493", 31, 40, (), "bills"),
        ("G2214", 16, 40, (), "not_needed"),
        ("99484", 20, 40, (), "not_needed"),
    ]
    assert isinstance(verdict.considered[0].minutes, int)
    assert [one.label for one in verdict.considered] == [
        "CoCM, later month",
        "CoCM, first 30 minutes",
        "General BHI, 20 minutes",
    ]


def test_what_minutes_do_not_reach_lacks_nothing_yet():
    verdict = verdict_of(replace(month("2026-10", 25), visits=(), reviews=()))
    assert [(one.code, one.missing, one.outcome) for one in verdict.considered] == [
        ("99493", (), "not_reached"),
        ("G2214", ("initiating_visit_missing", "case_review_missing"), "missing"),
        ("99484", ("initiating_visit_missing",), "missing"),
    ]


def worked(name: str, cocm_seconds: int, bhi_seconds: int, **said):
    facts = month(name, 1, **said)
    counted = replace(facts.time.counted, cocm_seconds=cocm_seconds, bhi_seconds=bhi_seconds)
    return replace(facts, time=replace(facts.time, counted=counted, if_consented=counted))


@pytest.mark.parametrize(
    ("cocm_seconds", "bhi_seconds", "step"),
    [
        (1530, 1530, ("99493", 1, 6)),
        (2130, 2130, ("99494", 1, 41)),
        (360, 600, ("G2214", 1, 10)),
        (300, 600, ("99484", 1, 10)),
    ],
)
def test_the_next_step_is_in_whole_minutes_and_the_first_of_two_as_near(cocm_seconds, bhi_seconds, step):
    found = verdict_of(worked("2026-10", cocm_seconds, bhi_seconds)).next_step
    assert (found.code, found.units, found.minutes) == step


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ((("time_rule", "full"),), "codes.G2214.full_minutes"),
        ((("g2214_min", 30), ("time_rule", "full")), "options.g2214_min"),
    ],
)
def test_the_short_code_cites_the_stricter_of_two_thresholds(options, field):
    (line,) = verdict_of(month("2026-10", 30, options=options)).lines
    assert (line.code, line.citations[0].field) == ("G2214", field)
