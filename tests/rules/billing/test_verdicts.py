"""Verdicts, a table for each reading; what the stories leave out, and what a verdict says beside its words."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rules.books import book_in_force
from billing.rules.facts import AccessModel, EarlierLine, MonthFacts, OtherService, Visit
from billing.rules.findings import Verdict
from billing.rules.verdicts import billed, judge, judge_in_order
from caseload.rules.clock import first_day
from caseload.rules.minutes import Counted, MonthMinutes


def worked(cocm: int = 0, bhi: int | None = None, *, consented: bool = True, **said) -> MonthMinutes:
    """A month in which so many minutes of CoCM, and of BHI in all, were logged and count."""
    total = cocm if bhi is None else bhi
    counting = Counted(cocm * 60, total * 60, date(2026, 10, 5) if total else None, engaged=total > 0)
    return MonthMinutes(
        counted=counting if consented else Counted(),
        if_consented=counting,
        **{"logged_seconds": total * 60, **said},
    )


IN_ORDER = MonthFacts(
    month="2026-10",
    enrolled_on=date(2026, 10, 1),
    time=worked(40),
    visits=(Visit(date(2026, 9, 17), "99214"),),
    diagnoses=("F32.1",),
    care_plans=(date(2026, 10, 1),),
    scores=(date(2026, 10, 1),),
    reviews=(date(2026, 10, 5),),
)
LATER = {"served_before": ("2026-09",)}
APCM = {"other_services": (OtherService("G0557"),)}


def verdict(**changed) -> Verdict:
    options = changed.pop("options", {})
    facts = replace(IN_ORDER, options=tuple(sorted(options.items())), **changed)
    return judge(facts, book_in_force(facts.payer, first_day(facts.month)))


def lines(found: Verdict) -> list[str]:
    return [line.code if line.units == 1 else f"{line.code}x{line.units}" for line in found.lines]


def gaps(found: Verdict) -> list[str]:
    return [gap.word for gap in found.gaps]


def flags(found: Verdict) -> list[str]:
    return [flag.word for flag in found.flags]


LADDER = [
    ({}, [(15, []), (16, ["G2214"]), (35, ["G2214"]), (36, ["99492"]), (85, ["99492"]), (86, ["99492", "99494"])]),
    ({}, [(115, ["99492", "99494"]), (116, ["99492", "99494x2"]), (146, ["99492", "99494x3"])]),
    (LATER, [(15, []), (16, ["G2214"]), (30, ["G2214"]), (31, ["99493"]), (75, ["99493"]), (76, ["99493", "99494"])]),
    (LATER, [(105, ["99493", "99494"]), (106, ["99493", "99494x2"]), (136, ["99493", "99494x3"])]),
    ({"options": {"time_rule": "full"}}, [(19, []), (20, ["99484"]), (29, ["99484"]), (30, ["G2214"])]),
    (
        {"options": {"time_rule": "full"}},
        [(69, ["G2214"]), (70, ["99492"]), (99, ["99492"]), (100, ["99492", "99494"])],
    ),
    ({"options": {"time_rule": "full"}}, [(129, ["99492", "99494"]), (130, ["99492", "99494x2"])]),
    ({"options": {"time_rule": "full"}, **LATER}, [(59, ["G2214"]), (60, ["99493"]), (90, ["99493", "99494"])]),
    ({"options": {"g2214_min": 30}}, [(19, []), (20, ["99484"]), (29, ["99484"]), (30, ["G2214"]), (36, ["99492"])]),
    ({"options": {"addon_cap": 1}}, [(86, ["99492", "99494"]), (300, ["99492", "99494"])]),
    ({"options": {"addon_cap": 0}}, [(86, ["99492"]), (300, ["99492"])]),
    ({"options": {"covers_g2214": False}}, [(19, []), (20, ["99484"]), (35, ["99484"]), (36, ["99492"])]),
    ({"place_of_service": "22"}, [(15, []), (16, ["G2214"]), (19, ["G2214"]), (20, ["99484"]), (36, ["99492"])]),
    ({"place_of_service": "31", "month": "2020-10"}, [(19, []), (20, ["99484"]), (36, ["99492"])]),
    ({"setting": "fqhc", "place_of_service": "22"}, [(16, ["G2214"]), (20, ["G2214"]), (36, ["99492"])]),
    ({"setting": "fqhc", "month": "2025-12"}, [(19, []), (20, ["99484"]), (69, ["99484"]), (70, ["G0512"])]),
    ({"setting": "rhc", "month": "2024-12"}, [(20, ["G0511"]), (70, ["G0512"]), (200, ["G0512"])]),
    ({"setting": "rhc", "month": "2024-12", "served_before": ("2024-11",)}, [(59, ["G0511"]), (60, ["G0512"])]),
    ({"setting": "fqhc", "options": {"fqhc_cocm_code": "G0512"}}, [(69, ["99484"]), (70, ["G0512"])]),
    ({"setting": "office", "options": {"fqhc_cocm_code": "G0512"}}, [(35, ["G2214"]), (70, ["99492"])]),
    ({"setting": "fqhc", "month": "2024-12", "payer": "commercial"}, [(20, ["99484"]), (36, ["99492"])]),
    (APCM, [(0, ["G0557"]), (1, ["G0557", "G0568"]), (200, ["G0557", "G0568"])]),
    ({**APCM, **LATER}, [(1, ["G0557", "G0569"]), (200, ["G0557", "G0569"])]),
    ({**APCM, "setting": "fqhc", "options": {"fqhc_cocm_code": "G0512"}}, [(1, ["G0557", "G0568"])]),
    (
        {**APCM, "options": {"apcm_bh_route": "cpt"}},
        [(15, ["G0557"]), (16, ["G0557", "G2214"]), (36, ["G0557", "99492"])],
    ),
    ({**APCM, "options": {"apcm_bh_route": "hold"}}, [(1, ["G0557"]), (100, ["G0557"])]),
    ({**APCM, "month": "2025-12"}, [(15, ["G0557"]), (16, ["G0557", "G2214"]), (36, ["G0557", "99492"])]),
    ({**APCM, "month": "2024-12"}, [(16, ["G2214"])]),
    ({"payer": "commercial"}, [(20, ["99484"]), (36, ["99492"]), (300, ["99492", "99494x2"])]),
]


def dated(changed: dict) -> dict:
    """Facts moved to another month, their documents and their time with them."""
    day = first_day(changed.get("month", "2026-10"))
    time = changed.get("time", worked(40))
    return {
        "enrolled_on": day,
        "visits": (Visit(day, "99214"),),
        "care_plans": (day,),
        "scores": (day,),
        "reviews": (day,),
        **changed,
        "time": replace(time, counted=replace(time.counted, first_on=day)),
    }


@pytest.mark.parametrize(
    ("changed", "minutes", "expected"), [(changed, m, codes) for changed, steps in LADDER for m, codes in steps]
)
def test_minutes_reach_codes_at_their_edges(changed, minutes, expected):
    assert lines(verdict(**dated({**changed, "time": worked(minutes)}))) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, ["G0557"]), (1, ["G0557", "G0570"])],
)
def test_bhi_time_alone_reaches_the_bhi_addon(minutes, expected):
    assert lines(verdict(**APCM, time=worked(0, minutes), reviews=())) == expected


def test_seconds_are_floored_once():
    time = replace(worked(36), counted=Counted(36 * 60 - 1, 36 * 60 - 1, date(2026, 10, 5), engaged=True))
    found = verdict(time=time)
    assert (found.minutes, lines(found)) == (35, ["G2214"])


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"visits": ()}, "initiating_visit_missing"),
        ({"visits": (Visit(date(2026, 9, 17), "99214", "other"),)}, "initiating_visit_missing"),
        ({"visits": (Visit(date(2026, 9, 17), "99211"),)}, "initiating_visit_missing"),
        ({"visits": (Visit(date(2025, 9, 30), "99214"),)}, "initiating_visit_missing"),
        ({"visits": (Visit(date(2026, 10, 6), "99214"),)}, "initiating_visit_missing"),
        ({"visits": (Visit(date(2025, 10, 1), "99214"),)}, None),
        ({"visits": (Visit(date(2026, 10, 5), "99495"),)}, None),
        ({"visits": (Visit(date(2026, 10, 5), "99395"),), "options": {"extra_visit_codes": ("99395",)}}, None),
        ({"diagnoses": ()}, "diagnosis_missing"),
        ({"diagnoses": ("Z63.0", "E11.9")}, "diagnosis_missing"),
        ({"diagnoses": ("Z63.0", "f41.1")}, None),
        ({"care_plans": ()}, "care_plan_missing"),
        ({"care_plans": (date(2026, 11, 1),)}, "care_plan_missing"),
        ({"care_plans": (date(2026, 10, 31),)}, None),
        ({"scores": ()}, "rating_scale_missing"),
        ({"scores": (date(2026, 9, 30), date(2026, 11, 1))}, "rating_scale_missing"),
        ({"scores": (date(2026, 10, 31),)}, None),
        ({"scores": (date(2026, 9, 2),), "options": {"scale_within": 60}}, None),
        ({"scores": (date(2026, 9, 1),), "options": {"scale_within": 60}}, "rating_scale_missing"),
        ({"scores": (date(2026, 10, 1),), "options": {"scale_within": 1}}, None),
        ({"reviews": (date(2026, 10, 31),)}, None),
        ({"other_services": (OtherService("99484", "other"),)}, "other_biller"),
        ({"other_services": (OtherService("G0323", "other"),)}, "other_biller"),
        ({"other_services": (OtherService("99484"), OtherService("99451", "other"))}, None),
    ],
)
def test_each_requirement_holds_the_month_back_alone(changed, word):
    found = verdict(**changed)
    assert gaps(found) == ([] if word is None else [word])
    assert lines(found) == (["99492"] if word is None else [])


def test_the_year_before_a_leap_day_begins_on_the_28th():
    time = replace(worked(40), counted=Counted(2400, 2400, date(2028, 2, 29), engaged=True))
    leap = {"month": "2028-02", "enrolled_on": date(2028, 2, 29), "reviews": (date(2028, 2, 29),), "time": time}
    leap["scores"] = leap["care_plans"] = (date(2028, 2, 29),)
    assert lines(verdict(**leap, visits=(Visit(date(2027, 2, 28), "99214"),))) == ["99492"]
    assert lines(verdict(**leap, visits=(Visit(date(2027, 2, 27), "99214"),))) == []


@pytest.mark.parametrize("reviews", [(), (date(2026, 9, 30),), (date(2026, 11, 1),)])
def test_a_month_without_case_review_falls_back_to_general_bhi_and_says_so(reviews):
    found = verdict(reviews=reviews)
    assert (lines(found), gaps(found), found.minutes) == (["99484"], ["case_review_missing"], 40)


def test_without_engagement_nothing_bills():
    time = replace(worked(40), counted=replace(worked(40).counted, engaged=False))
    assert (lines(verdict(time=time)), gaps(verdict(time=time))) == ([], ["no_engagement"])


def test_gaps_are_of_the_first_candidate_that_minutes_reach():
    found = verdict(time=worked(10, 25), diagnoses=(), reviews=())
    assert gaps(found) == ["diagnosis_missing"]
    found = verdict(diagnoses=(), reviews=(), visits=())
    assert gaps(found) == ["initiating_visit_missing", "diagnosis_missing", "case_review_missing"]


@pytest.mark.parametrize(
    ("minutes", "options", "expected_lines", "expected_gaps"),
    [
        (18, {"covers_g2214": False}, [], ["not_covered"]),
        (25, {"covers_g2214": False}, ["99484"], ["not_covered"]),
        (25, {"covers_g2214": False, "covers_99484": False}, [], ["not_covered"]),
        (25, {"covers_99484": False}, ["G2214"], []),
        (15, {"covers_g2214": False}, [], ["minutes_short"]),
    ],
)
def test_a_code_that_the_payer_does_not_cover_gives_way(minutes, options, expected_lines, expected_gaps):
    found = verdict(time=worked(minutes), options=options)
    assert (lines(found), gaps(found)) == (expected_lines, expected_gaps)


def test_the_gap_of_coverage_cites_the_profile_that_says_so():
    found = verdict(time=worked(25), options={"covers_g2214": False})
    assert (found.gaps[0].citation.book, found.gaps[0].citation.field) == ("payer_profile", "options.covers_g2214")
    found = verdict(time=worked(0, 25), options={"covers_99484": False})
    assert (gaps(found), found.gaps[0].citation.field) == (["not_covered"], "options.covers_99484")


@pytest.mark.parametrize(
    ("minutes", "changed", "expected"),
    [
        (80, {}, ["consent_missing"]),
        (10, {}, ["consent_missing", "minutes_short"]),
        (80, {"visits": (), "reviews": ()}, ["consent_missing", "initiating_visit_missing", "case_review_missing"]),
        (25, {"options": {"covers_g2214": False}}, ["consent_missing", "not_covered"]),
    ],
)
def test_a_month_wholly_without_consent_says_what_else_it_would_lack(minutes, changed, expected):
    found = verdict(time=worked(minutes, consented=False), **changed)
    assert (found.minutes, lines(found), gaps(found), flags(found)) == (0, [], expected, ["minutes_excluded"])
    assert found.next_step is None


def test_consent_missing_asks_for_a_visit_before_the_first_day_that_would_count():
    late = {"visits": (Visit(date(2026, 10, 6), "99214"),), "time": worked(80, consented=False)}
    assert gaps(verdict(**late)) == ["consent_missing", "initiating_visit_missing"]


def test_a_month_after_the_end_says_only_that():
    time = MonthMinutes(logged_seconds=2400, only_after_end=True)
    found = verdict(time=time, visits=(), other_services=(OtherService("G0557"), OtherService("99496")))
    assert (found.minutes, lines(found), gaps(found)) == (0, ["G0557"], ["program_ended"])
    assert (flags(found), found.next_step) == (["minutes_excluded"], None)


def test_a_month_without_work_lacks_nothing():
    found = verdict(time=MonthMinutes(ccm_logged_seconds=600), visits=(), diagnoses=())
    assert (found.minutes, found.lines, found.gaps, found.flags) == (0, (), (), ())


def test_work_that_never_counts_is_short():
    found = verdict(time=MonthMinutes(logged_seconds=2400))
    assert (found.minutes, gaps(found), flags(found)) == (0, ["minutes_short"], ["minutes_excluded"])


PARTICIPANT = {"access": AccessModel(aligned=True, participant=True)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["access_participant"]),
        ({"time": MonthMinutes(ccm_logged_seconds=600)}, ["access_participant"]),
        ({"time": MonthMinutes(), **APCM}, ["access_participant"]),
        ({"time": MonthMinutes(), "other_services": (OtherService("G0557", "other"),)}, []),
        ({"time": MonthMinutes()}, []),
    ],
)
def test_the_access_participant_bills_nothing(changed, expected):
    found = verdict(**{**PARTICIPANT, **changed})
    assert (lines(found), gaps(found), found.next_step) == ([], expected, None)


@pytest.mark.parametrize(
    ("access", "month", "expected"),
    [
        (AccessModel(aligned=True, participant=True), "2026-06", ["99492"]),
        (AccessModel(aligned=False, participant=True), "2026-10", ["99492"]),
        (AccessModel(aligned=True, participant=False), "2026-10", ["99492", "G0678"]),
        (AccessModel(aligned=True, participant=False), "2026-06", ["99492"]),
        (AccessModel(aligned=False), "2026-10", ["99492"]),
        (None, "2026-10", ["99492"]),
    ],
)
def test_co_management_is_for_those_aligned_to_another_practice(access, month, expected):
    found = verdict(**dated({"month": month}), access=access, other_services=(OtherService("G0678"),))
    assert lines(found) == expected


@pytest.mark.parametrize(
    ("earlier", "listed", "expected"),
    [
        ([], 1, ["G0678"]),
        ([], 2, ["G0678x2"]),
        ([], 5, ["G0678x3"]),
        ([("2026-08", 1), ("2026-09", 1)], 1, ["G0678"]),
        ([("2026-08", 1), ("2026-09", 2)], 1, []),
        ([("2026-08", 1), ("2026-09", 1)], 2, ["G0678"]),
        ([("2025-11", 3)], 1, []),
        ([("2025-10", 3)], 1, ["G0678"]),
    ],
)
def test_co_management_is_limited_in_any_twelve_months(earlier, listed, expected):
    found = verdict(
        time=MonthMinutes(),
        access=AccessModel(aligned=True),
        other_services=(OtherService("G0678"),) * listed,
        billed_before=tuple(EarlierLine(month, "G0678", units) for month, units in earlier[:1]),
        own_lines=tuple(EarlierLine(month, "G0678", units) for month, units in earlier[1:]),
    )
    assert lines(found) == expected


@pytest.mark.parametrize(
    ("services", "ccm_minutes", "expected_lines", "expected_gaps"),
    [
        ([OtherService("99490")], 20, ["99492", "99490"], []),
        ([OtherService("99490")], 19, ["99492"], []),
        ([OtherService("99490", minutes=20)], 0, ["99492", "99490"], []),
        ([OtherService("99490", minutes=19)], 40, ["99492"], []),
        ([OtherService("99490", minutes=0)], 40, ["99492"], []),
        ([OtherService("99490", "other", 40)], 40, ["99492"], []),
        ([OtherService("99496"), OtherService("99495")], 0, ["99492", "99495", "99496"], []),
        ([OtherService("99496", "other")], 0, ["99492"], []),
        ([OtherService("99490"), OtherService("G0557")], 19, ["G0557", "G0568"], []),
        ([OtherService("99490"), OtherService("G0557")], 20, ["G0557", "G0568"], ["conflicting_service"]),
        ([OtherService("99495"), OtherService("G0556")], 0, ["G0556", "G0568"], ["conflicting_service"]),
        ([OtherService("99495"), OtherService("G0556", "other")], 0, ["99492", "99495"], ["apcm_base_missing"]),
        ([OtherService("G0557", "other"), OtherService("G0557")], 0, ["G0557", "G0568"], []),
    ],
)
def test_other_services_stand_beside_or_give_way(services, ccm_minutes, expected_lines, expected_gaps):
    found = verdict(time=worked(40, ccm_seconds=ccm_minutes * 60), other_services=tuple(services))
    assert (lines(found), gaps(found)) == (expected_lines, expected_gaps)


def test_ccm_and_tcm_give_way_to_apcm_in_2025_too():
    found = verdict(**dated({"month": "2025-10"}), other_services=(OtherService("G0557"), OtherService("99495")))
    assert (lines(found), gaps(found)) == (["G0557", "99492"], ["conflicting_service"])
    assert found.gaps[0].citation.field == "apcm.excludes"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["apcm_base_missing"]),
        ({"options": {"apcm_bh_route": "cpt"}}, []),
        ({"options": {"apcm_bh_route": "hold"}}, []),
        ({"time": worked(40, consented=False)}, ["consent_missing"]),
        ({"payer": "commercial"}, []),
    ],
)
def test_the_apcm_base_of_another_practitioner_is_missed_where_add_ons_would_be_taken(changed, expected):
    assert gaps(verdict(other_services=(OtherService("G0557", "other"),), **changed)) == expected


def test_a_held_month_says_what_it_would_bill():
    found = verdict(**APCM, options={"apcm_bh_route": "hold"})
    assert (lines(found), gaps(found)) == (["G0557"], ["conflicting_service"])
    assert flags(found) == ["apcm_route_unsettled"]
    assert [(one.code, one.outcome) for one in found.considered] == [("G0568", "held"), ("G0570", "not_needed")]
    assert (found.minutes, found.gaps[0].citation.book, found.next_step) == (40, "payer_profile", None)


def test_a_held_month_with_a_gap_keeps_both():
    found = verdict(**APCM, reviews=(), options={"apcm_bh_route": "hold"})
    assert gaps(found) == ["case_review_missing", "conflicting_service"]
    assert [(one.code, one.outcome) for one in found.considered] == [("G0568", "missing"), ("G0570", "held")]


def test_an_apcm_month_in_which_nothing_would_bill_is_not_unsettled():
    found = verdict(**APCM, diagnoses=())
    assert (lines(found), gaps(found), flags(found)) == (["G0557"], ["diagnosis_missing"], [])


def test_flags_of_short_and_long_months():
    assert flags(verdict(time=worked(29))) == ["g2214_under_30"]
    assert flags(verdict(time=worked(30))) == []
    assert flags(verdict(time=worked(116))) == []
    assert flags(verdict(time=worked(146))) == ["addon_units_high"]
    assert flags(verdict(time=worked(40, logged_seconds=2401))) == ["minutes_excluded"]


def test_minutes_are_of_the_program_that_bills():
    assert verdict(time=worked(36, 50)).minutes == 36
    assert verdict(time=worked(10, 50)).minutes == 50
    assert verdict(time=worked(10, 15)).minutes == 10
    assert verdict(time=worked(0, 15)).minutes == 15


def test_every_line_names_its_label_reason_amount_and_citations():
    found = verdict(time=worked(86))
    base, addon = found.lines
    assert (base.code, base.label, base.amount) == ("99492", "CoCM, first calendar month", Decimal("160.32"))
    assert base.because == "86 minutes of CoCM, initial month; 36 are enough."
    assert [(one.book, one.field) for one in base.citations] == [
        ("medicare_ffs_2020", "codes.99492.midpoint_minutes"),
        ("medicare_ffs_2020", "runs.gap_months"),
    ]
    assert (addon.code, addon.units, addon.amount) == ("99494", 1, Decimal("61.46"))
    assert addon.because == "86 minutes; the first further unit begins at 86."
    assert [one.field for one in addon.citations] == ["codes.99494.midpoint_minutes", "options.addon_cap"]
    assert found.amount == Decimal("221.78")
    assert (found.book_id, found.month_type, found.served) == ("medicare_ffs_2026_07", "initial", True)
    assert len(found.book_sha256) == 64


def test_reasons_are_grammatical():
    assert verdict(**APCM, time=worked(1)).lines[1].because == (
        "1 minute of CoCM, initial month; any counting time is enough."
    )
    assert verdict(time=worked(0, 20)).lines[0].because == "20 minutes of BHI; 20 are enough."


@pytest.mark.parametrize(
    ("changed", "amounts"),
    [
        ({"time": worked(116)}, [Decimal("160.32"), Decimal("122.92")]),
        ({"time": worked(116), "place_of_service": "22"}, [Decimal("82.17"), Decimal("72.14")]),
        ({"time": worked(116), "place_of_service": "22", "setting": "rhc"}, [Decimal("160.32"), Decimal("122.92")]),
        ({"payer": "commercial"}, [None]),
        (
            {"other_services": (OtherService("G0678"),), "access": AccessModel(aligned=True)},
            [Decimal("160.32"), Decimal(30)],
        ),
    ],
)
def test_amounts_are_national_for_the_place_of_service_or_unknown(changed, amounts):
    assert [line.amount for line in verdict(**changed).lines] == amounts


def test_amounts_of_other_years_are_unknown():
    found = verdict(**dated({"month": "2027-10"}))
    assert ([line.amount for line in found.lines], found.amount) == ([None], None)
    in_2025 = verdict(**dated({"month": "2025-10"}))
    assert in_2025.amount == Decimal("145.24")
    assert verdict(**dated({"month": "2025-10", "place_of_service": "22"})).amount is None


def test_what_was_considered_is_told_in_order():
    found = verdict(time=worked(25), options={"covers_g2214": False})
    assert [(one.code, one.needed_minutes, one.minutes, one.missing, one.outcome) for one in found.considered] == [
        ("99492", 36, 25, (), "not_reached"),
        ("G2214", 16, 25, ("not_covered",), "not_covered"),
        ("99484", 20, 25, (), "bills"),
    ]
    found = verdict(time=worked(40), reviews=())
    assert [(one.code, one.missing, one.outcome) for one in found.considered] == [
        ("99492", ("case_review_missing",), "missing"),
        ("G2214", ("case_review_missing",), "missing"),
        ("99484", (), "bills"),
    ]
    assert [one.outcome for one in verdict(time=worked(40)).considered] == ["bills", "not_needed", "not_needed"]


def test_gaps_say_what_would_close_them():
    gap = verdict(diagnoses=()).gaps[0]
    assert gap.sentence == "No mental or behavioral health diagnosis (ICD-10 chapter F) is on file."
    assert gap.closes == "Have the treating clinician record the diagnosis that is being treated."
    assert (gap.citation.book, gap.citation.field) == ("medicare_ffs_2020", "requirements.diagnosis_prefixes")
    short = verdict(time=worked(10)).gaps[0]
    assert (short.word, short.citation.field) == ("minutes_short", "codes.99484.full_minutes")


NOVEMBER = replace(
    IN_ORDER,
    month="2026-11",
    time=replace(worked(40), counted=Counted(2400, 2400, date(2026, 11, 5), engaged=True)),
    scores=(date(2026, 10, 1), date(2026, 11, 5)),
)


def test_months_are_judged_in_order_whatever_order_they_come_in():
    found = judge_in_order([NOVEMBER, IN_ORDER])
    assert [(one.month, lines(one)) for one in found] == [("2026-10", ["99492"]), ("2026-11", ["99493"])]
    assert billed(found[1]) == (EarlierLine("2026-11", "99493", 1),)


def test_what_facts_carry_of_earlier_months_is_kept_and_not_doubled():
    carried = replace(
        NOVEMBER, own_served=("2026-05", "2026-10"), own_lines=(EarlierLine("2026-10", "99492"),), served_before=()
    )
    found = judge_in_order([IN_ORDER, carried])
    assert [lines(one) for one in found] == [["99492"], ["99493"]]
    assert lines(judge_in_order([replace(NOVEMBER, own_served=("2026-10",))])[0]) == ["99493"]


def test_an_unserved_month_begins_no_run():
    found = judge_in_order([replace(IN_ORDER, time=worked(40, consented=False)), NOVEMBER])
    assert [lines(one) for one in found] == [[], ["99492"]]


def test_a_single_second_makes_a_month_served_and_its_add_on_missed():
    second = Counted(1, 1, date(2026, 10, 5), engaged=True)
    time = MonthMinutes(counted=second, if_consented=second, logged_seconds=1)
    found = verdict(time=time, other_services=(OtherService("G0557", "other"),))
    assert (found.served, found.minutes, gaps(found)) == (True, 0, ["minutes_short", "apcm_base_missing"])
    assert not verdict(time=worked(0, 20)).served


def test_what_is_missing_is_told_before_what_is_not_covered():
    found = verdict(time=worked(18), diagnoses=(), options={"covers_g2214": False})
    assert gaps(found) == ["diagnosis_missing", "not_covered"]
    assert [(one.code, one.outcome) for one in found.considered] == [
        ("99492", "not_reached"),
        ("G2214", "missing"),
        ("99484", "not_reached"),
    ]


def test_a_single_second_without_consent_is_missed():
    time = MonthMinutes(if_consented=Counted(1, 1, date(2026, 10, 5), engaged=True), logged_seconds=1)
    assert gaps(verdict(time=time)) == ["consent_missing", "minutes_short"]


def test_a_single_second_is_enough_for_an_add_on_to_apcm():
    second = Counted(1, 1, date(2026, 10, 5), engaged=True)
    found = verdict(**APCM, time=MonthMinutes(counted=second, if_consented=second, logged_seconds=1))
    assert (lines(found), found.minutes) == (["G0557", "G0568"], 0)


@pytest.mark.parametrize(("minutes", "expected"), [(18, ["G2214"]), (36, ["99492"])])
def test_a_clinic_may_have_its_own_code_for_general_bhi_alone(minutes, expected):
    book = replace(book_in_force("medicare_ffs", date(2026, 10, 1)), clinic_bhi_code="G0511")
    clinic = replace(IN_ORDER, setting="rhc", time=worked(minutes))
    assert lines(judge(clinic, book)) == expected
    assert lines(judge(replace(clinic, reviews=(), time=worked(minutes + 2)), book)) == ["G0511"]
