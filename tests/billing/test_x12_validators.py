"""Every kind of file of claims that we write, before two validators that others wrote."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.models import Batch
from billing.operations.filing import make_filed_batches
from billing.queries.batch_files import batch_bytes
from billing.rules.x12.claim import (
    Address,
    ClaimFile,
    Facility,
    FiledClaim,
    FiledLine,
    Person,
    address_of,
    faults_of,
    write_837p,
)
from billing.rules.x12.reading import interchanges
from billing.rules.x12.segments import render
from registry.models import Coverage
from tests.billing.filing import ADDRESS, FEBRUARY, closed, filed_patient, set_up
from tests.billing.payer_side import read_back, receipt, strict_faults, transaction_set
from tests.billing.people import AT, Program
from tests.rules.billing.x12_claims import AETNA, HEAD, HOLDER, JANE, MEDICARE, claim, file

ANNEX = Facility("Maple Grove Annex", "1003000126", Address("7 Oak Ave", "Aurora", "CO", "800101234"))
PO_BOX = Address("PO Box 14079", "Lexington", "KY", "40512")
ONE_LINE = (FiledLine("99484", 1, Decimal("60.00"), "00007-00001-K7QX4M-1"),)
SORTS: dict[str, tuple[FiledClaim, ...]] = {
    "office": (claim(),),
    "telehealth at home": (claim(place_of_service="10"),),
    "telehealth elsewhere": (claim(place_of_service="02"),),
    "one line": (claim(lines=ONE_LINE),),
    "modifiers": (claim(lines=(replace(ONE_LINE[0], modifiers=("25", "GT", "59", "76")),)),),
    "twelve diagnoses": (
        claim(
            diagnoses=("F33.1", "F41.1", "F43.10", "F10.20", "F90.0", "F31.81", "E11.9", "I10", "G47.00", "F17.210",
                       "R45.851", "Z63.0"),
        ),
    ),
    "dependent": (claim(insured=AETNA),),
    "dependent of somebody little known": (
        claim(insured=replace(AETNA, holder=Person("Doe", "John", None, "", Address()), relationship="other")),
    ),
    "spouse, payer with address": (claim(insured=replace(AETNA, relationship="spouse", payer_address=PO_BOX)),),
    "replacement": (claim(frequency="7", payer_claim_number="1726031234567"),),
    "void": (claim(frequency="8", payer_claim_number="1726031234567"),),
    "names with marks": (
        claim(
            patient=Person("Müller-Łódź", "Zoë José", date(1956, 2, 14), "F", replace(JANE.address, city="Cañon")),
            insured=replace(AETNA, holder=replace(HOLDER, family_name="O’Brien~*:^", given_name="Ægir")),
        ),
    ),
    "seen elsewhere": (claim(facility=ANNEX),),
    "seen where the clinic has no NPI": (claim(facility=replace(ANNEX, npi="")),),
    "seen elsewhere, of a dependent who died": (
        claim(insured=AETNA, facility=ANNEX, patient=replace(JANE, died_on=date(2026, 10, 20))),
    ),
    "authorized beforehand": (claim(authorization="PA-77 1"),),
    "replacement, authorized beforehand": (claim(authorization="PA77", frequency="7", payer_claim_number="ICN1"),),
    "a street of two lines": (
        claim(patient=replace(JANE, address=address_of("9 " + "Long Lane " * 6, "Denver", "CO", "80202"))),
    ),
    "chronic care beside it": (
        claim(
            diagnoses=("F33.1", "E11.9", "I10"),
            lines=(*ONE_LINE, FiledLine("99490", 1, Decimal("62.00"), "00007-00001-K7QX4M-2", (2, 3))),
        ),
    ),
    "transitional care": (claim(lines=(replace(ONE_LINE[0], code="99495"),)),),
    "died": (claim(patient=replace(JANE, died_on=date(2026, 10, 20))),),
    "several claims": (
        claim("00007-00001-AAAAAA"),
        claim("00007-00002-AAAAAA", insured=AETNA),
        claim("00007-00003-AAAAAA", insured=AETNA, patient=HOLDER),
        claim("00007-00004-AAAAAA"),
    ),
}  # fmt: skip


def accepted(content: bytes) -> None:
    """Both validators take the file, and both read in it what we read."""
    assert strict_faults(content) == []
    assert read_back(content) == transaction_set(content)
    (one,) = interchanges(content.decode("ascii"))
    (transaction,) = one.transactions
    assert render(transaction.segments, one.separators).replace("\n", "") in transaction_set(content)
    assert (one.unknown, one.notes) == ((), ())


@pytest.mark.parametrize("sort", SORTS)
def test_both_take_each_sort_of_claim(sort: str):
    made = file(*SORTS[sort])
    assert faults_of(made) == ()
    accepted(write_837p(made).encode("ascii"))


@pytest.mark.parametrize("filing_code", ["MB", "MC", "CI", "BL", "HM", "16"])
def test_both_take_each_kind_of_insurance(filing_code: str):
    member = "1EG4TE5MK73" if filing_code == "MB" else "W 123-45"
    accepted(write_837p(file(claim(insured=replace(MEDICARE, filing_code=filing_code, member_id=member)))).encode())


@pytest.mark.parametrize("npi", ["1234567893", "1245319599"])
def test_both_take_a_production_file_of_who_bills_alone_by_a_social_security_number(npi: str):
    """Also where the person treated: the claim then names no other clinician."""
    named = {"name": "Rivera", "given_name": "Ana", "submitter_name": "Ana Rivera, MD"}
    biller = replace(HEAD.biller, tax_id_kind="SY", taxonomy="", npi=npi, **named)
    taker = replace(HEAD.taker, sender_qualifier="30", receiver_qualifier="27", application_id="APP 1")
    made = file(head=replace(HEAD, biller=biller, taker=taker, is_test=False))
    assert faults_of(made) == ()
    accepted(write_837p(made).encode())


def test_a_sex_not_told_is_u_which_the_guide_knows_and_one_of_them_does_not():
    made = file(claim(patient=replace(JANE, sex="X")))
    content = write_837p(made).encode()
    assert (faults_of(made), strict_faults(content)) == ((), [])
    with pytest.raises(ValueError, match=r"1 validation error(.|\n)*gender_code"):
        read_back(content)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=70)
STREETS = st.builds(Address, TEXTS, TEXTS, st.sampled_from(["CO", "NY", "PR"]), st.sampled_from(["80202", "802021234"]))
PEOPLE = st.builds(
    Person, TEXTS, TEXTS, st.dates(date(1906, 1, 1), date(2026, 10, 1)), st.sampled_from(["F", "M"]), STREETS
)


@st.composite
def claims(draw: st.DrawFn, place: int) -> FiledClaim:
    """A claim of anybody, insured with anybody, for any charge."""
    number = f"00007-{place:05d}-K7QX4M"
    holder = draw(st.none() | PEOPLE)
    insured = MEDICARE if holder is None else replace(AETNA, holder=holder, payer_name=draw(TEXTS))
    cents = st.decimals("0.01", "99999.99", places=2, allow_nan=False)
    lines = (
        FiledLine("99492", 1, draw(cents), f"{number}-1", (1, 2)),
        FiledLine("99494", draw(st.integers(1, 2)), draw(cents), f"{number}-2"),
    )
    return claim(number, patient=draw(PEOPLE), insured=insured, lines=lines)


FILES = st.integers(1, 3).flatmap(lambda count: st.tuples(*(claims(place) for place in range(1, count + 1))))


# Nothing is made smaller: that takes minutes with two validators, and the first example says enough.
@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_both_take_whatever_our_own_checks_let_leave(filed: tuple[FiledClaim, ...]):
    """Claims in which our checks find something wait; the rest is taken."""
    wait = {fault.claim for fault in faults_of(file(*filed))}
    leave = tuple(one for place, one in enumerate(filed) if place not in wait)
    for made in [ClaimFile(HEAD, leave)] if leave else []:
        accepted(write_837p(made).encode("ascii"))


def test_what_is_broken_is_refused_by_them_as_by_us():
    """The judges judge: without diagnoses, and at a place that is none."""
    text = write_837p(file())
    without = text.replace("HI*ABK:F331*ABF:F411~\n", "").replace("SE*30*", "SE*29*")
    elsewhere = text.replace("***11:B:1*", "***98:B:1*")
    assert [len(strict_faults(one.encode())) for one in (text, without, elsewhere)] == [0, 1, 1]
    assert b"IK3*HI*20**3~" in receipt(without.encode())
    assert b"IK4*5:1*1331*7*98~" in receipt(elsewhere.encode())


def test_they_take_files_of_closed_months_for_several_payers(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO", payer_code="60054")
    routes = set_up(lakeside, lakeside.payer("Medicare Part B", payer_code="MCR01"), aetna)
    type(routes[1]).objects.filter(id=routes[1].id).update(filing_code="CI", payer_identifier="60054")
    filed_patient(lakeside, "Ångström-Peña")
    filed_patient(lakeside, "Berg", minutes=46)
    for family in ("Castro", "Đặng"):
        filed_patient(lakeside, family, payer=aetna)
    Coverage.objects.filter(patient__family_name="Castro").update(
        relationship="child", subscriber_family_name="Castro", subscriber_given_name="Inés",
        subscriber_birth_date=date(1960, 1, 1), subscriber_sex="F",
        **{f"subscriber_{name}": value for name, value in ADDRESS.items()},
    )  # fmt: skip
    closed(lakeside)
    make_filed_batches(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    batches = list(Batch.objects.select_related("stored_file").order_by("number"))
    assert [batch.claim_count for batch in batches] == [2, 2]
    for batch in batches:
        accepted(batch_bytes(batch) or b"")
