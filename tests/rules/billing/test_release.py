"""Release checks, and what becomes of a month: table by table, on both edge days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.decisions import Asked, Decided, asked_after, code_units, lower_sets, settle
from billing.rules.findings import Considered, Line, Verdict
from billing.rules.release import (
    ADDONS_TO_APCM,
    CHECKS,
    FINDINGS,
    ConsentNamed,
    CoverageAsked,
    LateEntries,
    ReleaseFacts,
    failed_checks,
    mode_of,
)

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
FINE = ReleaseFacts(
    first_on=FIRST,
    last_on=LAST,
    asked=(("99493", 1),),
    minutes=45,
    reviewed_on=date(2026, 10, 7),
    consulted_on=date(2026, 10, 7),
    treated_on=date(2026, 10, 7),
    planned_on=date(2026, 10, 1),
    confirmed=("F32.1",),
    coverage=CoverageAsked(date(2026, 10, 1), "Portal", is_in_force=True),
    consent=ConsentNamed(date(2026, 8, 3)),
)
BHI = (("99484", 1),)


def failed(**changes: Any) -> dict[str, str]:
    return {one.word: one.sentence for one in failed_checks(replace(FINE, **changes))}


def test_a_month_in_order_fails_nothing():
    assert failed() == {}


def test_every_check_is_explained_and_found():
    assert [check.word for check in CHECKS] == list(FINDINGS)
    assert [check for check in CHECKS if not (check.title and check.asks and check.source and check.todo)] == []
    assert [check.word for check in CHECKS if check.default == "note"] == ["consent_untimed", "credential_gap"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reviewed_on": LAST}, {}),
        ({"reviewed_on": LAST - timedelta(days=59)}, {}),
        (
            {"reviewed_on": LAST - timedelta(days=60)},
            {"review_old": "The last psychiatric review was on Sep 1, 2026, before Sep 2, 2026."},
        ),
        ({"reviewed_on": None}, {"review_old": "No psychiatric review is on record by Oct 31, 2026."}),
        ({"reviewed_on": None, "consulted_on": None, "asked": BHI}, {}),
        (
            {"consulted_on": None},
            {"no_consultation": "No caseload consultation of the team is on record in October 2026."},
        ),
        (
            {"treated_on": None},
            {"no_treatment_contact": "No session with the patient is on record in October 2026."},
        ),
        ({"planned_on": LAST - timedelta(days=89)}, {}),
        ({"planned_on": LAST - timedelta(days=90)}, {"plan_old": "The plan was last revised on Aug 2, 2026."}),
        ({"planned_on": LAST - timedelta(days=89), "is_plan_assumed": True}, {}),
        (
            {"planned_on": None, "is_plan_assumed": True},
            {"plan_old": "The import knew no day of the plan, so its last revision is not known."},
        ),
        ({"planned_on": None}, {"plan_old": "No plan is on record."}),
        (
            {"confirmed": (), "unconfirmed": ("F32.1", "F41.1")},
            {"diagnosis_unconfirmed": "Not confirmed by the treating clinician on record: F32.1, F41.1."},
        ),
        ({"confirmed": ("F32.1",), "unconfirmed": ("F41.1",)}, {}),
        ({"confirmed": ()}, {"diagnosis_unconfirmed": "No diagnosis that can be billed is on record."}),
        (
            {"unsigned": 1, "unsigned_on": FIRST},
            {"note_unsigned": "1 note waits for a signature, the oldest of Oct 1, 2026."},
        ),
        (
            {"unsigned": 3, "unsigned_on": FIRST},
            {"note_unsigned": "3 notes wait for a signature, the oldest of Oct 1, 2026."},
        ),
        (
            {"late": LateEntries(1, date(2026, 10, 2), date(2026, 10, 10))},
            {
                "entry_late": "1 entry was made more than 7 days after the work: Oct 2, 2026, entered 8 days later.",
            },
        ),
        (
            {"late": LateEntries(2, date(2026, 10, 2), date(2026, 10, 20))},
            {
                "entry_late": "2 entries were made more than 7 days after the work: Oct 2, 2026, "
                "entered 18 days later.",
            },
        ),
        ({"without_facility": (("99493", 1),)}, {}),
        ({"without_facility": (("99493", 1), ("99494", 1))}, {}),
        (
            {"without_facility": ()},
            {
                "facility_minutes_needed": "Without the minutes during a facility stay the month supports nothing, "
                "not 99493."
            },
        ),
        (
            {"asked": (("99493", 1), ("99494", 2)), "without_facility": (("99493", 1), ("99494", 1))},
            {
                "facility_minutes_needed": "Without the minutes during a facility stay the month supports "
                "99493 + 99494, not 99493 + 99494 × 2."
            },
        ),
        ({"asked": (("99493", 1), ("99494", 2))}, {}),
        ({"asked": (("99493", 1), ("99494", 3))}, {"addon_units_high": "99494 × 3 is asked for."}),
        ({"asked": (("G2214", 1),), "minutes": 30}, {}),
        ({"asked": (("G2214", 1),), "minutes": 29}, {"g2214_short": "G2214 rests on 29 minutes."}),
        ({"minutes": 29}, {}),
        (
            {"coverage": None},
            {"coverage_unchecked": "Nobody has asked since Oct 1, 2026 whether the coverage is in force."},
        ),
        (
            {"coverage": CoverageAsked(date(2026, 11, 2), "Portal", is_in_force=False)},
            {"coverage_ended": "Not in force: so said on Nov 2, 2026 (Portal)."},
        ),
        (
            {"consent": ConsentNamed(FIRST, "Ana Rivera", "Ben Okafor", is_of_another=True)},
            {"clinician_changed": "The consent of Oct 1, 2026 names Ana Rivera; Ben Okafor treats now."},
        ),
        (
            {"consent": ConsentNamed(FIRST, is_time_known=False)},
            {"consent_untimed": "Of the consent of Oct 1, 2026 only the day is known."},
        ),
        ({"consent": None}, {}),
    ],
)
def test_what_a_check_finds(changes: dict[str, Any], expected: dict[str, str]):
    assert failed(**changes) == expected


def test_whether_a_check_holds_is_the_organizations_choice_but_for_add_ons_to_apcm():
    chosen = {"no_treatment_contact": "note", "consent_untimed": "hold"}
    assert mode_of("plan_old", chosen, frozenset()) == "hold"
    assert mode_of("consent_untimed", {}, frozenset()) == "note"
    assert mode_of("consent_untimed", chosen, frozenset()) == "hold"
    assert mode_of("no_treatment_contact", chosen, frozenset({"99493"})) == "note"
    assert {mode_of("no_treatment_contact", chosen, frozenset({code})) for code in ADDONS_TO_APCM} == {"hold"}
    assert mode_of("plan_old", {"plan_old": "note"}, frozenset({"G0568"})) == "note"


def line(code: str, units: int = 1, each: str | None = "10") -> Line:
    return Line(code, units, f"label {code}", "because", None if each is None else Decimal(each) * units, ())


def verdict(*lines: Line, also: tuple[tuple[str, str], ...] = ()) -> Verdict:
    considered = tuple(Considered(code, code, 0, 0, (), outcome) for code, outcome in also)
    return Verdict(
        "2026-10", 45, lines, (), (), considered, None, "subsequent", served=True, book_id="book", book_sha256="0"
    )


def sets(of: Verdict, **amounts: str | None) -> list[tuple[tuple[str, int], ...]]:
    known = {code: None if each is None else Decimal(each) for code, each in amounts.items()}
    return [code_units(lines) for lines in lower_sets(of, known)]


def test_lower_bills_are_fewer_units_and_never_an_add_on_alone():
    assert sets(verdict(line("99493", each="100"), line("99494", 2, "40"))) == [
        (("99493", 1), ("99494", 1)),
        (("99493", 1),),
    ]
    assert sets(verdict(line("99493"))) == []


def test_a_code_that_is_reached_too_is_a_lower_bill():
    of = verdict(line("99493", each="100"), also=(("99493", "bills"), ("G2214", "not_needed"), ("99484", "missing")))
    assert sets(of, G2214="60") == [(("G2214", 1),)]
    assert sets(of, G2214="100.01") == []
    assert sets(of, G2214=None) == [(("G2214", 1),)]


def test_other_lines_stay_beside_the_lower_code_and_may_be_left_out():
    of = verdict(
        line("99493", each="100"), line("99490", each="60"), also=(("G2214", "not_needed"), ("99484", "not_needed"))
    )
    assert sets(of, G2214="55", **{"99484": "50"}) == [
        (("99493", 1),),
        (("99490", 1),),
        (("G2214", 1), ("99490", 1)),
        (("99484", 1), ("99490", 1)),
    ]


def test_an_add_on_to_apcm_never_leaves_without_the_base():
    of = verdict(line("G0557", each="54"), line("G0569", each="145"), also=(("G0570", "not_needed"),))
    assert sets(of, G0570="54") == [(("G0557", 1),), (("G0557", 1), ("G0570", 1))]


def test_amounts_of_fewer_units_are_theirs():
    (first, _) = lower_sets(verdict(line("99493", each=None), line("99494", 2, "61.46")), {})
    assert [(one.units, one.amount) for one in first] == [(1, None), (1, Decimal("61.46"))]


@pytest.mark.parametrize(
    ("decided", "now", "expected", "says"),
    [
        ((("99493", 1),), (("99493", 1), ("99494", 2)), (("99493", 1),), False),
        ((("99493", 1),), (("99493", 1),), (("99493", 1),), False),
        ((("99493", 1), ("99494", 2)), (("99493", 1), ("99494", 1)), (("99493", 1), ("99494", 1)), True),
        ((("99493", 1), ("99494", 1)), (("99493", 1),), (("99493", 1),), True),
        ((("99493", 1),), (("G2214", 1),), (), True),
    ],
)
def test_a_decision_asks_for_no_more_than_is_supported_by_now(decided: Any, now: Any, expected: Any, says: bool):
    left = asked_after(decided, verdict(*(line(code, units) for code, units in now)), {})
    assert (code_units(left.lines), bool(left.remark)) == (expected, says)


def test_nothing_left_says_to_decide_again():
    assert asked_after((("99493", 1),), verdict(line("99484")), {}) == Asked(
        (), "What was decided is not supported any more. Decide again."
    )


MANY = verdict(line("99493", each="100"), line("99494", 3, "40"))
WITH_MANY = replace(FINE, asked=())


def release(decision: Decided | None = None, of: Verdict = MANY, **given: Any) -> Any:
    return settle(of, replace(FINE, **given.pop("facts", {})), given.pop("modes", {}), decision, {}, **given)


def test_without_a_failed_check_everything_is_asked():
    found = release(of=verdict(line("99493")))
    assert (found.checks, found.holding, found.is_held, found.chip, found.amount) == ((), (), False, "", Decimal(10))
    assert found.asked == found.would_ask == found.supported


def test_a_failed_check_holds_and_says_why():
    found = release(facts={"planned_on": None})
    assert (found.why, found.chip, found.asked) == (
        "Plan not revised in 90 days, and 1 more",
        "Held: plan not revised in 90 days, and 1 more",
        (),
    )
    assert (found.amount, found.is_held_by_coder, found.is_overdue(LAST)) == (Decimal(220), False, False)
    assert not release(modes={"addon_units_high": "note"}).is_held


def test_billing_lower_does_away_with_a_check_of_units():
    found = release(Decided("bill_lower", "So.", lines=(("99493", 1), ("99494", 2))))
    assert (found.checks, found.is_held, found.chip) == ((), False, "Bills lower: 99493 + 99494 × 2")
    assert found.amount == Decimal(180)


def test_a_lower_bill_releases_what_it_saw():
    lower = Decided("bill_lower", "So.", lines=(("99493", 1),), checks=("plan_old",))
    assert not release(lower, facts={"planned_on": None}).is_held
    assert (
        release(lower, facts={"planned_on": None, "treated_on": None}).why == "No session with the patient in the month"
    )


def test_a_lower_bill_that_is_gone_holds():
    found = release(Decided("bill_lower", "So.", lines=(("G2214", 1),)))
    assert (found.why, found.checks, found.asked) == ("The decision is not supported any more", (), ())


def test_a_hold_has_a_day():
    found = release(Decided("hold", "So.", look_again_on=LAST), of=verdict(line("99493")))
    assert (found.chip, found.is_held_by_coder) == ("Held: by the coder until Oct 31, 2026", True)
    assert (found.is_overdue(LAST), found.is_overdue(LAST + timedelta(days=1))) == (False, True)
    without = release(Decided("hold", "So."), of=verdict(line("99493")))
    assert (without.why, without.is_overdue(LAST)) == ("By the coder", False)


def test_what_is_not_billed_is_worth_nothing_and_is_not_held():
    found = release(Decided("do_not_bill", "So."))
    assert (found.is_held, found.is_not_billed, found.chip, found.amount) == (
        False,
        True,
        "Not billed, as decided",
        Decimal(0),
    )
    assert (found.asked, len(found.would_ask)) == ((), 2)


def test_an_amount_that_is_not_known_stays_so():
    assert release(of=verdict(line("99493", each=None))).amount is None


def test_what_is_charged_already_is_not_asked_for_again():
    of = verdict(line("99493"), line("99490"))
    found = release(of=of, charged=frozenset({"99490", "99495"}))
    assert (code_units(found.asked), found.charged, found.chip) == ((("99493", 1),), ("99490",), "")
    alone = release(of=verdict(line("99490")), charged=frozenset({"99490"}), facts={"planned_on": None})
    assert (alone.asked, alone.is_held, alone.checks, alone.chip) == ((), False, (), "Charged already: 99490")
