"""What in a record explains a denial, reason by reason."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules.denial_causes import (
    Cause,
    CoverageKnown,
    DenialFacts,
    OtherKnown,
    Where,
    consent_of_month,
    likely_causes,
)
from billing.rules.denials import LOWERING, REASONS

ASKED = CoverageKnown("Medicare Part B", is_asked=True, rank=1)
PLAIN = DenialFacts(
    code="99493",
    units=1,
    service_on=date(2026, 2, 28),
    claim_codes=("99493",),
    diagnoses=("F331",),
    coverages=(ASKED,),
)


def sentences(reason: str, **known: object) -> list[str]:
    return [cause.sentence for cause in likely_causes(reason, replace(PLAIN, **known))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "known", "expected"),
    [
        (
            "97",
            {"others": (OtherKnown("99490", is_ours=True),)},
            ["99490 by this practitioner is known in the same month."],
        ),
        (
            "236",
            {"claim_codes": ("99493", "99484")},
            ["The claim asks for general BHI and collaborative care in one month."],
        ),
        (
            "B20",
            {"others": (OtherKnown("99492", is_ours=False, biller="Lakeside Psychiatry"),)},
            ["99492 by Lakeside Psychiatry is known in the same month."],
        ),
        (
            "119",
            {"code": "99492", "initial_in": ("October 2025",)},
            ["99492 was billed before, in October 2025."],
        ),
        ("18", {"asked_also": ("0003-0001",)}, ["Our claim 0003-0001 asks for 99493 of the same month."]),
        (
            "29",
            {"sent_on": date(2027, 3, 30), "filing_days": 365},
            ["It left 395 days after the service; this payer takes 365."],
        ),
        (
            "29",
            {"sent_on": date(2026, 3, 30), "filing_days": 365},
            ["It left 30 days after the service, within 365: appeal with proof."],
        ),
        ("29", {"sent_on": date(2026, 3, 30)}, ["It left 30 days after the service; this payer's time is not known."]),
        ("29", {}, ["Nobody noted on which day the batch was handed over."]),
        (
            "27",
            {"coverages": (replace(ASKED, until_on=date(2026, 1, 31)),)},
            ["Medicare Part B ended Jan 31, 2026, before the service on Feb 28, 2026."],
        ),
        (
            "26",
            {"coverages": (replace(ASKED, from_on=date(2026, 3, 1)),)},
            ["Medicare Part B begins Mar 1, 2026, after the service on Feb 28, 2026."],
        ),
        (
            "24",
            {"coverages": (ASKED, CoverageKnown("Aetna Advantage", is_asked=False, rank=2))},
            ["Aetna Advantage is also on record for that day, as number 2."],
        ),
        (
            "22",
            {"coverages": (CoverageKnown("Aetna", is_asked=False, rank=1, until_on=date(2026, 1, 1)),)},
            ["The coverage that was asked is not on record any more."],
        ),
        (
            "31",
            {"coverages": (replace(ASKED, is_denied=True),), "missing": ("the member number",)},
            ["Missing by now: the member number.", "Medicare Part B was said not to be in force when somebody asked."],
        ),
        ("107", {"code": "99494", "claim_codes": ("99494",)}, ["The claim has no base code beside 99494."]),
        ("151", {"units": 3, "cap": 2}, ["It asks for 3 units; this payer's rules here allow 2."]),
        ("222", {"units": 3}, ["It asks for 3 units, and no limit of this payer is set here."]),
        ("96", {"is_covered": False}, ["This payer's rules here say that it does not pay 99493."]),
        ("204", {"is_covered": True}, ["This payer's rules here say that it pays 99493: they may be wrong."]),
        ("181", {"is_in_force": False}, ["99493 is not in this payer's rules on Feb 28, 2026."]),
        (
            "11",
            {"diagnoses": ("E119",), "consent_on": date(2026, 1, 2)},
            ["The first diagnosis, E119, is no mental or behavioral condition."],
        ),
        (
            "50",
            {"consent_on": date(2026, 2, 9), "first_minutes_on": date(2026, 2, 3)},
            [
                "The first diagnosis is F331: check that the treating clinician treats it.",
                "Consent is dated Feb 9, 2026, the first minutes Feb 3, 2026: those before it do not count here.",
            ],
        ),
        (
            "58",
            {"place_of_service": "11"},
            ["The claim says place of service 11, that of the clinic: check where the clinician sees patients."],
        ),
        ("170", {}, ["No treating clinician is on record."]),
        ("8", {"clinician": "Ana Rivera"}, ["Ana Rivera has no NPI on record."]),
        (
            "B7",
            {"clinician": "Ana Rivera", "clinician_npi": "1234567893", "credential": "NP"},
            ["Ana Rivera, NP, was named as the one who bills: check the enrolment."],
        ),
        ("13", {"died_on": date(2026, 2, 20)}, ["The patient died Feb 20, 2026; the claim is dated Feb 28, 2026."]),
        ("13", {}, ["No death is on record here: the payer may have taken somebody else."]),
        (
            "197",
            {"authorization": "After 12 months.", "attestation": "Once a year.", "consent_on": date(2026, 1, 2)},
            [
                "The payer's page here says: After 12 months.",
                "Attestation, as the payer's page here says: Once a year.",
            ],
        ),
        (
            "16",
            {"remarks": ("M76", "X1")},
            ["The remark points to the diagnoses: missing, incomplete or not valid.", "The payer adds remark X1."],
        ),
        ("107", {"code": "99494", "claim_codes": ("99492", "99494")}, []),
        ("151", {"units": 1}, []),
        ("96", {"is_in_force": True}, []),
        ("58", {}, []),
        ("13", {"died_on": date(2026, 2, 28)}, []),
        (
            "197",
            {"consent_on": date(2026, 1, 2), "attestation": "Once."},
            ["Attestation, as the payer's page here says: Once."],
        ),
        ("197", {"consent_on": date(2026, 1, 2)}, []),
        ("45", {"consent_on": date(2026, 1, 2)}, []),
        *(
            (
                reason,
                {
                    "others": (OtherKnown("99490", is_ours=True),),
                    "coverages": (replace(ASKED, until_on=date(2026, 1, 31)),),
                    "consent_on": date(2026, 1, 2),
                },
                [
                    "99490 by this practitioner is known in the same month.",
                    "Medicare Part B ended Jan 31, 2026, before the service on Feb 28, 2026.",
                ],
            )
            for reason in ("15", "198", "231", "234", "252", "B9", "B13", "45", "999")
        ),
        (
            "29",
            {"sent_on": date(2026, 11, 1), "filing_days": 180, "is_corrected": True},
            ["It left 246 days after the service; this payer takes 180 for corrected claims."],
        ),
        (
            "29",
            {"sent_on": date(2026, 11, 1), "is_corrected": True},
            ["It left 246 days after the service; this payer's time for corrected claims is not known."],
        ),
        (
            "197",
            {"consent_on": date(2025, 1, 2), "consent_until": date(2026, 2, 2)},
            ["Consent was withdrawn Feb 2, 2026: nothing from that day on counts here."],
        ),
    ],
)
def test_the_record_explains(reason: str, known: dict[str, object], expected: list[str]):
    assert sentences(reason, **known) == expected


def test_a_claim_without_a_diagnosis_or_consent_says_so():
    assert sentences("11", diagnoses=()) == ["The claim was made without a diagnosis.", "No consent is on record."]


def test_a_cause_is_said_once_and_says_where_to_look():
    known = replace(PLAIN, others=(OtherKnown("99490", is_ours=True), OtherKnown("99490", is_ours=True)))
    assert likely_causes("97", known) == (
        Cause("99490 by this practitioner is known in the same month.", Where.SERVICES),
    )


JANUARY, FEBRUARY_9, MARCH = date(2026, 1, 2), date(2026, 2, 9), date(2026, 3, 5)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], (None, None)),
        ([(FEBRUARY_9, None), (JANUARY, None)], (JANUARY, None)),
        ([(JANUARY, date(2026, 2, 2))], (JANUARY, date(2026, 2, 2))),
        ([(JANUARY, date(2026, 2, 2)), (FEBRUARY_9, None)], (FEBRUARY_9, None)),
        ([(JANUARY, date(2026, 2, 28))], (JANUARY, date(2026, 2, 28))),
        ([(JANUARY, MARCH)], (JANUARY, MARCH)),
        ([(JANUARY, date(2026, 2, 2)), (MARCH, None)], (JANUARY, date(2026, 2, 2))),
        ([(MARCH, None)], (MARCH, None)),
    ],
)
def test_the_consent_that_matters_is_the_one_that_holds_on_the_day(
    given: list[tuple[date, date | None]], expected: tuple[date | None, date | None]
):
    assert consent_of_month(given, date(2026, 2, 28)) == expected


def test_only_one_reason_that_merely_lowers_is_described():
    assert LOWERING & set(REASONS) == {"45"}
