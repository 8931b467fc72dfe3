"""What acknowledgements and remittances mean, and whether they add up."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.x12.acknowledgements import BATCH, CLAIM, ELSE, Counts, Said, Told
from billing.rules.x12.answer_words import claim_words, fault_words, named_besides, remark_said, said_words
from billing.rules.x12.answers import read_answer
from billing.rules.x12.balancing import imbalance, uneven_lines
from billing.rules.x12.decoding import Unreadable
from billing.rules.x12.identity import content_sha256, content_with_status
from billing.rules.x12.payees import OurNumbers, is_to_another, is_to_none_of, payee_words
from billing.rules.x12.remittances import Less, Payment, ProviderLess
from billing.rules.x12.values import day_of, money_of
from tests.rules.billing.answer_texts import (
    ISA,
    acknowledged_claims,
    acknowledged_file,
    claim_said,
    corrected_claim,
    enveloped,
    paid_claim,
    payment,
    remittance,
    reversed_claim,
)


def said(text: str) -> list[Said]:
    return list(read_answer(text.encode()).said)


def paid(*claims: str, **more: Any) -> Payment:
    (found,) = read_answer(remittance(payment(*claims, **more)).encode()).payments
    return found


# 999


@pytest.mark.parametrize(
    ("verdict", "is_accepted"), [("A", True), ("E", True), ("P", True), ("R", False), ("M", False), ("X", False)]
)
def test_a_999_says_of_its_file_whether_it_was_taken(verdict: str, is_accepted: bool) -> None:
    (one,) = said(acknowledged_file(verdict))
    assert (one.kind, one.of, one.reference, one.is_accepted, one.code) == ("999", BATCH, "7", is_accepted, verdict)


def test_a_999_names_each_fault_where_it_is() -> None:
    faults = "IK3*CLM*19**8~IK4*5:1*1331*7*98~IK4*2**1~IK3*HI*20**3~"
    (one,) = said(acknowledged_file("R", faults=faults).replace("IK5*R", "IK5*R*5"))
    assert one.detail == (
        Told("7", "CLM", "19", "5:1"),
        Told("1", "CLM", "19", "2"),
        Told("3", "HI", "20"),
        Told("5"),
    )


def test_a_997_is_read_like_a_999() -> None:
    text = acknowledged_file("R", faults="AK3*HI*20**3~").replace("IK5*", "AK5*").replace("ST*999", "ST*997")
    (one,) = said(text)
    assert (one.reference, one.is_accepted, one.detail) == ("7", False, (Told("3", "HI", "20"),))


def test_a_group_of_which_nothing_single_is_said_is_told_of_itself() -> None:
    (one,) = said(enveloped("999", "005010X231A1", "AK1*HC*12*005010X222A1~AK9*R*1*1*0~"))
    assert (one.reference, one.is_accepted, one.code) == ("12", False, "R")
    both = said(acknowledged_file().replace("AK9*A*1*1*1", "AK9*R*1*1*0"))
    assert [(one.is_accepted, one.code) for one in both] == [(True, "A"), (False, "R")]


def test_of_another_kind_of_file_it_is_none_of_ours_and_unknown_parts_are_kept() -> None:
    text = acknowledged_file(kind="HS").replace("AK9*", "XYZ*1~AK9*")
    answer = read_answer(text.encode())
    assert ([one.of for one in answer.said], answer.unknown) == ([ELSE], ("XYZ*1",))


def test_a_set_of_which_the_end_is_not_said_says_nothing() -> None:
    with pytest.raises(Unreadable, match="says of no file and no claim"):
        read_answer(enveloped("999", "005010X231A1", "AK1*HC*7~AK2*837*0001~IK3*HI*20**3~").encode())


# TA1


@pytest.mark.parametrize(
    ("ta1", "is_accepted", "detail"),
    [("TA1*000000007*260320*1200*A*000~", True, ()), ("TA1*000000007*260320*1200*R*024~", False, (Told("024"),))],
)
def test_a_ta1_says_of_the_envelope_whether_it_was_taken(ta1: str, is_accepted: bool, detail: tuple[Told, ...]) -> None:
    text = f"{ISA.format(number='000000001')}{ta1}IEA*0*000000001~"
    assert read_answer(text.encode()).kinds == ("TA1",)
    assert said(text) == [
        Said(
            "TA1",
            BATCH,
            "000000007",
            is_accepted,
            "A" if is_accepted else "R",
            detail,
            said_on=date(2026, 3, 20),
            addressed="COCMSUB01",
        )
    ]


def test_a_ta1_of_nothing_says_nothing() -> None:
    text = f"{ISA.format(number='000000001')}TA1**260320~IEA*0*000000001~"
    assert said(text) == []


# 277CA


def test_a_277ca_says_of_file_and_claims_what_became_of_them() -> None:
    text = acknowledged_claims(
        claim_said("C1", "A2:20", number="ICN1"),
        claim_said("C2", "A3:21", "A7:562", number="ICN2"),
        claim_said("C3", "A1:19:PR"),
    )
    told = [(one.of, one.reference, one.is_accepted, one.code, one.payer_claim_number) for one in said(text)]
    assert told == [
        (BATCH, "BATCH000007", True, "A1:19", ""),
        (CLAIM, "C1", True, "A2:20", "ICN1"),
        (CLAIM, "C2", False, "A7:562", "ICN2"),
        (CLAIM, "C3", True, "A1:19", ""),
    ]
    assert said(text)[1].said_on == date(2026, 3, 3)


@pytest.mark.parametrize("category", ["A3", "A4", "A6", "A7", "A8", "E1", "R3", "Z9"])
def test_whatever_is_not_taken_is_rejected(category: str) -> None:
    (_, one) = said(acknowledged_claims(claim_said("C1", f"{category}:21")))
    assert (one.is_accepted, one.code) == (False, f"{category}:21")


@pytest.mark.parametrize("category", ["A0", "A1", "A2", "A5"])
def test_what_is_taken_passed_on_or_split_is_accepted(category: str) -> None:
    assert said(acknowledged_claims(claim_said("C1", f"{category}:20")))[1].is_accepted


def test_a_refused_file_or_provider_refuses_the_file() -> None:
    (whole,) = said(acknowledged_claims(file_status="A8:24"))
    assert (whole.reference, whole.is_accepted) == ("BATCH000007", False)
    provider = acknowledged_claims().replace("TRN*2*0~STC*A1:19", "TRN*2*0~STC*A3:24")
    assert [(one.reference, one.is_accepted) for one in said(provider)] == [
        ("BATCH000007", True),
        ("BATCH000007", False),
    ]


def test_each_of_several_claims_of_one_patient_is_told_for_itself() -> None:
    """TR3 005010X214 has loop 2200D repeat within the level of a patient."""
    patient = (
        "HL*4*3*PT~NM1*QC*1*ABARA*JO****MI*1EG4TE5MK73~"
        "TRN*2*C1~STC*A2:20*20260303*WQ*290~REF*1K*ICN1~SVC*HC:99492*170****1~STC*A2:20*20260303*WQ*170~REF*FJ*C1-1~"
        "TRN*2*C2~STC*A7:562*20260304*U*290~"
        "TRN*2*C3~STC*A2:20*20260305*WQ*290~REF*1K*ICN3~"
    )
    told = said(acknowledged_claims(patient))[1:]
    assert [(one.reference, one.is_accepted, one.code, one.payer_claim_number, one.said_on) for one in told] == [
        ("C1", True, "A2:20", "ICN1", date(2026, 3, 3)),
        ("C2", False, "A7:562", "", date(2026, 3, 4)),
        ("C3", True, "A2:20", "ICN3", date(2026, 3, 5)),
    ]
    assert [one.detail for one in told] == [(Told("A2:20", line="C1-1"),), (), ()]


def test_a_file_refused_by_who_sends_the_answer_is_refused_whole() -> None:
    text = acknowledged_claims().replace("TRN*1*T1~", "TRN*1*T1~STC*A8:24*20260302*U*290~")
    assert [(one.of, one.reference, one.is_accepted, one.code) for one in said(text)] == [
        (BATCH, "BATCH000007", False, "A8:24"),
        (BATCH, "BATCH000007", True, "A1:19"),
    ]


def test_what_was_counted_of_a_file_is_kept() -> None:
    counted = "STC*A1:19*20260302*WQ*290~QTY*90*5~QTY*AA*2~AMT*YU*1450.00~AMT*YY*580~HL*3"
    (one,) = said(acknowledged_claims().replace("STC*A1:19*20260302*WQ*290~HL*3", counted))
    assert one.counts == Counts("5", "2", "1450.00", "580")
    provider = acknowledged_claims().replace(
        "TRN*2*0~STC*A1:19*20260302*WQ*290~", "TRN*2*0~STC*A3:24*20260302*U*290~QTY*QA*0~QTY*QC*7~"
    )
    assert [one.counts for one in said(provider)] == [Counts(), Counts("0", "7")]


def test_a_999_was_said_on_the_day_of_its_group() -> None:
    (one,) = said(acknowledged_file())
    assert one.said_on == date(2026, 3, 20)
    (bare,) = said(acknowledged_file()[acknowledged_file().index("ST*") :].split("GE*")[0])
    assert bare.said_on is None


def test_what_a_claim_is_found_by_is_kept_with_it() -> None:
    """Several claims stand in the level of one patient; the day of a line is the claim's where it says none itself."""
    patient = (
        "HL*4*3*PT~NM1*QC*1*ABARA*JO****MI*1EG4TE5MK73~TRN*2*C1~STC*A7:562*20260303*U*290~DTP*472*D8*20260228~"
        "TRN*2*C2~STC*A7:562*20260303*U*170.5~DTP*472*RD8*20260101-20260131~TRN*2*C3~STC*A7:562*20260303*U~"
        "SVC*HC:99492*170****1~DTP*472*D8*20260331~"
    )
    whole, *claims = said(acknowledged_claims(patient))
    assert (whole.of, whole.names, whole.service_on, whole.charge) == (BATCH, (), None, None)
    names = (("patient", "ABARA, JO"), ("patient_number", "1EG4TE5MK73"))
    assert [(one.reference, one.names, one.service_on, one.charge) for one in claims] == [
        ("C1", names, date(2026, 2, 28), Decimal("290.00")),
        ("C2", names, date(2026, 1, 1), Decimal("170.50")),
        ("C3", names, date(2026, 3, 31), None),
    ]


def test_lines_are_told_with_their_number() -> None:
    lines = (
        "SVC*HC:99492*170****1~STC*A7:454*20260303*U*170~REF*FJ*C1-1~SVC*HC:99494*120****1~STC*A2:20*20260303*WQ*120~"
    )
    (_, one) = said(acknowledged_claims(claim_said("C1", "A7:21", number="N", lines=lines)))
    assert one.detail == (Told("A7:454", line="C1-1"), Told("A2:20"))


def test_second_statuses_of_one_segment_are_told_too() -> None:
    text = acknowledged_claims(
        "HL*4*3*PT~TRN*2*C1~STC*A7:21*20260303*U*290******A7:562*A3:116~REF*1K*N~", file_status="A1:19"
    )
    (_, one) = said(text)
    assert (one.code, one.detail) == ("A7:21", (Told("A7:562"), Told("A3:116")))


@pytest.mark.parametrize(
    ("guide", "bht", "is_read"),
    [("", "0085", True), ("", "0010", False), ("005010X214", "0010", True), ("005010X228", "0085", False)],
)
def test_which_277_it_is_is_known_by_guide_or_purpose(guide: str, bht: str, is_read: bool) -> None:
    text = acknowledged_claims(claim_said("C1", "A2:20")).replace("005010X214", guide)
    text = text.replace("BHT*0085", f"BHT*{bht}")
    if is_read:
        assert read_answer(text.encode()).kinds == ("277CA",)
        return
    with pytest.raises(Unreadable, match="answers a question about claims"):
        read_answer(text.encode())


# 835


def test_an_835_is_read_claim_by_claim_and_line_by_line() -> None:
    found = paid(paid_claim())
    (claim,) = found.claims
    assert (found.total, found.payer_name, found.payer_identifier, found.trace_number) == (
        Decimal("145.00"),
        "MEDICARE PART B",
        "1234567890",
        "EFT100",
    )
    assert (found.method, found.paid_on) == ("ACH", date(2026, 3, 20))
    assert (claim.control, claim.status, claim.charge, claim.paid, claim.patient_owes) == (
        "00001-00001-ABCDEF",
        "1",
        Decimal("290.00"),
        Decimal("145.00"),
        Decimal("0.00"),
    )
    assert (claim.payer_claim_number, dict(claim.names)) == (
        "ICN900",
        {"patient": "ABARA, JO", "patient_number": "1EG4TE5MK73"},
    )
    base, added = claim.lines
    assert (base.code, base.control, base.units, base.allowed, base.service_on, base.less) == (
        "99492",
        "00001-00001-ABCDEF-1",
        Decimal(1),
        Decimal("145.00"),
        date(2026, 2, 28),
        (Less("CO", "45", Decimal("25.00")),),
    )
    assert (added.less, added.remarks) == ((Less("CO", "97", Decimal("120.00")),), ("N20",))
    assert (imbalance(found), uneven_lines(claim)) == ("", ())


def test_what_many_payers_leave_out_may_be_missing() -> None:
    found = paid(paid_claim(), paid_on="", trace="")
    assert (found.paid_on, found.trace_number, imbalance(found)) == (None, "", "")
    dated = remittance(payment(paid_claim(), paid_on="").replace("N1*PR", "DTM*405*20260318~N1*PR"))
    assert read_answer(dated.encode()).payments[0].paid_on == date(2026, 3, 18)
    bare = paid("CLP*A*1*10*10~SVC*HC:99492*10*10~AMT*KH*5~", total="10")
    assert (bare.claims[0].lines[0].units, bare.claims[0].lines[0].service_on, imbalance(bare)) == (None, None, "")


def test_the_days_of_a_claim_are_those_of_its_lines() -> None:
    found = paid("CLP*A*1*10*10~DTM*232*20260201~DTM*233*20260228~SVC*HC:99492*10*10~", total="10")
    assert found.claims[0].lines[0].service_on == date(2026, 2, 1)


def test_a_code_and_its_qualifier_in_two_elements_are_understood() -> None:
    found = paid("CLP*A*1*10*10~SVC*HC*99492*10*10**1~", total="10")
    assert [(line.code, line.charge) for line in found.claims[0].lines] == [("99492", Decimal(10))]


def test_many_reasons_stand_in_one_segment() -> None:
    found = paid("CLP*A*1*100*40*30~CAS*CO*45*20**97*10*1~CAS*PR*1*20**2*10~", total="40")
    assert found.claims[0].less == (
        Less("CO", "45", Decimal(20)),
        Less("CO", "97", Decimal(10)),
        Less("PR", "1", Decimal(20)),
        Less("PR", "2", Decimal(10)),
    )
    assert (found.claims[0].patient_owes, imbalance(found)) == (Decimal(30), "")


def test_what_the_patient_owes_without_a_reason_is_as_the_claim_says() -> None:
    assert paid("CLP*A*1*100*100*5~", total="100").claims[0].patient_owes == Decimal(5)


def test_a_reversal_negates_and_a_correction_follows() -> None:
    found = paid(paid_claim(), reversed_claim(), corrected_claim(), total="200.00")
    assert ([one.is_reversal for one in found.claims], imbalance(found)) == ([False, True, False], "")
    assert sum(one.paid for one in found.claims) == Decimal("200.00")
    taken_back = read_answer(remittance(payment(reversed_claim(), total="145.00").replace("*C*ACH", "*D*ACH")).encode())
    assert (taken_back.payments[0].total, imbalance(taken_back.payments[0])) == (Decimal("-145.00"), "")


@pytest.mark.parametrize(
    ("status", "charge", "paid", "is_reversal"),
    [
        ("22", "-290", "-145", True),
        ("1", "-290", "-145", True),
        ("4", "-290", "0", True),
        ("1", "0", "-145", True),
        ("1", "290", "-145", False),
        ("1", "290", "145", False),
        ("4", "290", "0", False),
    ],
)
def test_what_is_below_zero_takes_back_under_whatever_status(
    status: str, charge: str, paid: str, is_reversal: bool
) -> None:
    """Money taken off a charge that stands above zero is an adjustment: it says of its lines why."""
    claim = f"CLP*A*{status}*{charge}*{paid}~"
    (found,) = read_answer(remittance(payment(claim)).encode()).payments[0].claims
    assert found.is_reversal == is_reversal


def test_what_a_claim_says_beside_its_money_is_kept() -> None:
    """Other plans by name; what nobody reads as it came, but for social security numbers."""
    claim = (
        "CLP*A*19*290*160*40*MB*I1~NM1*QC*1*ABARA*JO~NM1*TT*2*MEDIGAP CO*****PI*99~NM1*PR*2*AETNA*****PI*60054~"
        "NM1*GB*1*OTHER*SAM****34*123456789~NM1*82*1*RIVERA*ANA****XX*1245319599~NM1*QD*1*WHO*EVER~REF*EA*MRN7~REF*SY*123456789~"
        "DTM*036*20260131~DTM*232*20260201~AMT*I*5.00~AMT*AU*160~QTY*CA*1~"
        "SVC*HC:99492*290*160~DTM*472*20260228~CAS*CO*45*90~CAS*PR*2*40~REF*LU*11~REF*0K*POL1~REF*6R*A-1~AMT*KH*3~AMT*AU*160~"
    )
    (found,) = paid(claim, total="160").claims
    assert dict(found.names) == {
        "patient": "ABARA, JO",
        "passed_to": "MEDIGAP CO",
        "passed_to_number": "99",
        "first_payer": "AETNA",
        "first_payer_number": "60054",
        "other_insured": "OTHER, SAM",
    }
    assert found.unknown == (
        *("NM1*QD*1*WHO*EVER", "REF*EA*MRN7", "REF*SY", "DTM*036*20260131", "AMT*I*5.00", "QTY*CA*1"),
        *("REF*LU*11", "REF*0K*POL1", "AMT*KH*3"),
    )


def test_the_procedure_as_submitted_is_kept_where_the_payer_made_another_of_it() -> None:
    claim = "CLP*A*1*290*160~SVC*HC:99493*170*160**1*HC:99492*2~CAS*CO*45*10~SVC*HC:99494*120*0**1*HC:99494~"
    (found,) = paid(claim + "CAS*CO*97*120~", total="160").claims
    assert [(line.code, line.asked) for line in found.lines] == [("99493", "99492"), ("99494", "")]


def test_whom_a_payment_is_to() -> None:
    ours = OurNumbers(frozenset({"1234567893"}), frozenset({"841234567"}))

    def to(npi: str, *references: str) -> tuple[str, bool, bool]:
        body = payment(paid_claim()).replace("XX*1234567893~", f"{npi}~{''.join(references)}")
        (found,) = read_answer(remittance(body).encode()).payments
        assert "999999999" not in repr(found)
        return payee_words(found), is_to_none_of(ours, found), is_to_another(ours, found)

    name, npi = "MAPLE GROVE", "1245319599"
    assert [
        to("XX*1234567893", "REF*TJ*999999999~"),
        to(f"XX*{npi}", "REF*TJ*84-1234567~"),
        to(f"XX*{npi}", "REF*PQ*77~", "REF*TJ*999999999~"),
        to("FI*999999999"),
        to(f"XX*{npi}"),
        to(""),
    ] == [
        (f"{name} (NPI 1234567893)", False, False),
        (f"{name} (NPI {npi})", False, False),
        (f"{name} (NPI {npi})", True, True),
        (name, True, True),
        (f"{name} (NPI {npi})", True, False),
        (name, False, False),
    ]
    nameless = [Payment(Decimal(0), payee_npi=npi), Payment(Decimal(0))]
    assert [payee_words(one) for one in nameless] == [f"NPI {npi}", "a payee without a name"]


def test_the_same_money_is_the_same_whatever_status_its_claims_have() -> None:
    first, again, other = (paid(paid_claim(status=status, second=second)) for status, second in _DRESSES)
    assert content_sha256(first) == content_sha256(again) == content_sha256(other)
    assert content_with_status(first) != content_with_status(again)
    assert content_sha256(first) != content_sha256(paid(paid_claim("B")))
    made = payment(paid_claim(), paid_on="").replace("N1*PR", "DTM*405*20260318~N1*PR")
    assert [
        read_answer(remittance(text).encode()).payments[0].is_day_made for text in (made, payment(paid_claim()))
    ] == [
        True,
        False,
    ]


_DRESSES = (("1", ""), ("19", ""), ("1", "ELSE"))


def test_what_is_kept_back_from_the_provider_counts() -> None:
    found = paid(paid_claim(), total="100.00", after="PLB*1234567893*20261231*WO:ICN1*50*72*-5~")
    assert found.provider_less == (ProviderLess("WO", "ICN1", Decimal(50)), ProviderLess("72", "", Decimal(-5)))
    assert imbalance(found) == ""


def test_adjustments_of_the_whole_claim_count_besides_those_of_lines() -> None:
    found = paid("CLP*A*1*100*60*30~CAS*CO*A2*10~SVC*HC:99492*100*70**1~CAS*PR*1*30~", total="60")
    assert (imbalance(found), uneven_lines(found.claims[0])) == ("", ())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            payment(paid_claim(), total="146.00"),
            "Payment 1 does not add up: its 1 claim was paid $145.00, but its total is $146.00.",
        ),
        (
            payment(paid_claim(), paid_claim("B"), total="290.00", after="PLB*1*20261231*WO:1*-5~"),
            (
                "Payment 1 does not add up: its 2 claims were paid $290.00, less −$5.00 kept back is $295.00, but its "
                "total is $290.00."
            ),
        ),
        (
            payment(paid_claim().replace("CAS*CO*45*25.00", "CAS*CO*45*20.00")),
            (
                "Payment 1, claim 1 of 1 does not add up: charged $290.00 less adjustments of $140.00 is $150.00, but "
                "$145.00 is said to be paid."
            ),
        ),
        (
            payment(paid_claim().replace("170.00*145.00", "170.00*140.00")),
            "Payment 1, claim 1 of 1 does not add up: its lines were paid $140.00, the claim $145.00.",
        ),
    ],
)
def test_what_does_not_add_up_is_said_with_its_arithmetic(text: str, sentence: str) -> None:
    (found,) = read_answer(remittance(text).encode()).payments
    assert imbalance(found) == sentence


def test_a_line_that_does_not_add_up_while_its_claim_does_is_told() -> None:
    text = paid_claim().replace("CAS*CO*45*25.00", "CAS*CO*45*20.00").replace("CAS*CO*97*120.00", "CAS*CO*97*125.00")
    (found,) = read_answer(remittance(payment(text)).encode()).payments
    assert (imbalance(found), uneven_lines(found.claims[0])) == ("", (1, 2))


CENTS = st.integers(0, 500_000).map(lambda cents: Decimal(cents) / 100)


@given(st.lists(st.tuples(CENTS, CENTS, CENTS), min_size=1, max_size=6), CENTS, st.integers(1, 10_000))
def test_money_is_conserved_to_the_cent(claims: list[tuple[Decimal, ...]], kept: Decimal, wrong: int) -> None:
    """Whatever is paid, taken off and owed: it balances as written, and no longer with one cent more anywhere."""
    bodies = [
        f"CLP*C{at}*1*{one + less + owed}*{one}*{owed}~SVC*HC:99492*{one + less + owed}*{one}**1~"
        f"CAS*CO*45*{less}~CAS*PR*1*{owed}~"
        for at, (one, less, owed) in enumerate(claims)
    ]
    total = sum((one for one, _, _ in claims), Decimal(0)) - kept
    sign = "D" if total < 0 else "C"
    after = f"PLB*1*20261231*WO:1*{kept}~"

    def read(amount: Decimal) -> Payment:
        body = payment(*bodies, total=str(abs(amount)), after=after).replace("*C*ACH", f"*{sign}*ACH")
        return read_answer(remittance(body).encode()).payments[0]

    found = read(total)
    assert imbalance(found) == ""
    assert found.total == sum((one.paid for one in found.claims), Decimal(0)) - kept
    off = read(total + (-1 if total < 0 else 1) * Decimal(wrong) / 100)
    assert imbalance(off).startswith("Payment 1 does not add up: ")


def test_single_values() -> None:
    assert [day_of(text) for text in ("20260320", "260320", "20260301-20260331", "20261332", "soon", "")] == [
        date(2026, 3, 20),
        date(2026, 3, 20),
        date(2026, 3, 1),
        None,
        None,
        None,
    ]
    texts = ("", "5", "-5.5", ".25", "5.100", "5.001", "1E3", "NaN", "-", "1234567890")
    assert [money_of(text) for text in texts] == [
        Decimal("0.00"),
        Decimal("5.00"),
        Decimal("-5.50"),
        Decimal("0.25"),
        Decimal("5.10"),
        *[None] * 5,
    ]


def test_units_that_are_no_number_of_a_line_are_not_said() -> None:
    found = paid("CLP*A*1*10*10~SVC*HC:99492*10*10**MANY~SVC*HC:99494*0*0**9999999~", total="10")
    assert [line.units for line in found.claims[0].lines] == [None, None]


def test_whom_an_answer_names_besides_is_said() -> None:
    names = {"patient": "ABARA, JO", "passed_to": "MEDIGAP CO", "passed_to_number": "99", "other_insured": "OTHER, SAM"}
    more = {"first_payer": "AETNA", "first_payer_number": "60054", "corrected_number": "1EG4TE5MK74"}
    assert (
        named_besides(names),
        named_besides(more),
        named_besides({"corrected": "ABARRA, JO"}),
        named_besides({}),
    ) == (
        ("passed on to MEDIGAP CO",),
        ("to be asked first: AETNA, number 60054", "the payer knows the patient as, number 1EG4TE5MK74"),
        ("the payer knows the patient as ABARRA, JO",),
        (),
    )


def test_codes_are_said_in_our_own_words_and_others_as_codes() -> None:
    assert [claim_words(code) for code in ("1", "4", "22", "77", "")] == [
        "Decided",
        "Denied",
        "Payment taken back",
        "Status 77",
        "No status said",
    ]
    assert [said_words("999", code) for code in ("A", "R", "Q", "")] == [
        "Taken",
        "Rejected",
        "Code Q",
        "Nothing said",
    ]
    assert [said_words("277CA", code) for code in ("A2:20", "A7:562", "A3:9999", "Z1", "A1")] == [
        "Taken on: taken on to be decided",
        "Rejected, something is invalid: an NPI",
        "Returned as it could not be processed: status 9999",
        "Category Z1",
        "Received",
    ]
    assert [fault_words(*one) for one in (("999", "HI", "", "3"), ("999", "CLM", "5", "7"), ("999", "", "", "5"))] == [
        "missing",
        "not a code of its list",
        "code 5",
    ]
    assert fault_words("277CA", "", "", "A7:562") == "Rejected, something is invalid: an NPI"
    assert [remark_said(code) for code in ("N20", "ZZ9")] == [
        "N20 not paid with another service of the same day",
        "ZZ9",
    ]
