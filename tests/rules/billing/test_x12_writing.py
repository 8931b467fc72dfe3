"""A file of claims as text: segments in their order, names that every reader can read, the same text each time."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.canonical import plain, read
from billing.rules.x12.characters import BASIC, identifier, is_plain, is_written_whole, plain_text
from billing.rules.x12.claim import Address, FiledClaim, FileHead, address_of, faults_of, write_837p
from billing.rules.x12.segments import Segment, Separators, render, segment
from tests.rules.billing.x12_claims import AETNA, HEAD, JANE, MEDICARE, claim, file, lines


def tags(text: str) -> list[str]:
    return [line.split("*")[0] for line in text.split("~\n")[:-1]]


def test_one_claim_segment_by_segment():
    assert tags(write_837p(file())) == [
        *("ISA", "GS", "ST", "BHT", "NM1", "PER", "NM1", "HL", "PRV", "NM1", "N3", "N4", "REF"),
        *("HL", "SBR", "NM1", "N3", "N4", "DMG", "NM1", "CLM", "HI", "NM1"),
        *("LX", "SV1", "DTP", "REF", "LX", "SV1", "DTP", "REF", "SE", "GE", "IEA"),
    ]


def test_the_envelope_has_its_width_and_its_numbers():
    text = write_837p(file())
    first, group, *_ = text.split("~\n")
    assert first == (
        "ISA*00*          *00*          *ZZ*COCMSUB01      *ZZ*MEDICARE0411   *261105*1200*^*00501*000000042*0*T*:"
    )
    assert group == "GS*HC*COCMSUB01*MEDICARE0411*20261105*1200*42*X*005010X222A1"
    assert text.endswith("SE*30*0001~\nGE*1*42~\nIEA*1*000000042~\n")
    assert write_837p(file(head=replace(HEAD, is_test=False))).split("*")[15] == "P"


def test_levels_count_on_through_dependents():
    text = write_837p(file(claim(), claim("00007-00002-AAAAAA", insured=AETNA), claim("00007-00003-AAAAAA")))
    assert [line for line in text.split("~\n") if line.startswith("HL")] == [
        "HL*1**20*1",
        "HL*2*1*22*0",
        "HL*3*1*22*1",
        "HL*4*3*23*0",
        "HL*5*1*22*0",
    ]


def test_a_payers_address_and_a_holder_of_whom_little_is_known():
    holder = replace(JANE, birth_date=None, address=Address())
    at_payer = Address("PO Box 1", "Denver", "CO", "80202")
    insured = replace(AETNA, holder=holder, payer_address=at_payer, relationship="spouse")
    text = write_837p(file(claim(insured=insured))).split("~\n")
    start = text.index("HL*2*1*22*1")
    assert text[start : start + 9] == [
        "HL*2*1*22*1",
        "SBR*P**GRP9******CI",
        "NM1*IL*1*DOE*JANE****MI*W123",
        "NM1*PR*2*AETNA*****PI*60054",
        "N3*PO BOX 1",
        "N4*DENVER*CO*80202",
        "HL*3*2*23*0",
        "PAT*01",
        "NM1*QC*1*DOE*JANE",
    ]


def told(head: FileHead, *tags: str, **fields: Any) -> list[str]:
    return [one for one in write_837p(file(claim(**fields), head=head)).split("~\n") if one.startswith(tags)]


ALONE = replace(HEAD.biller, name="Rivera", given_name="Ana", tax_id_kind="SY", submitter_name="Rivera, Ana MD")


def test_a_person_who_bills_alone_is_a_person_and_named_once():
    head = replace(HEAD, biller=replace(ALONE, npi="1245319599"))
    assert told(head, "NM1*41", "NM1*85", "NM1*82", "REF*SY") == [
        "NM1*41*1*RIVERA*ANA****46*COCMSUB01",
        "NM1*85*1*RIVERA*ANA****XX*1245319599",
        "REF*SY*841234567",
    ]
    assert faults_of(file(head=head)) == ()
    other = replace(HEAD, biller=replace(ALONE, submitter_name="Claims Service Co"))
    assert told(other, "NM1*41", "NM1*85", "NM1*82") == [
        "NM1*41*2*CLAIMS SERVICE CO*****46*COCMSUB01",
        "NM1*85*1*RIVERA*ANA****XX*1234567893",
        "NM1*82*1*RIVERA*ANA****XX*1245319599",
    ]


def test_what_a_street_has_no_room_for_stands_on_its_second_line():
    long = "Building 4 of the Maple Grove Medical Park on Saint Bartholomew Avenue, Suite 210, Door C"
    address = address_of(long, "Denver", "CO", "80202")
    assert (address.street, address.street2) == (
        "Building 4 of the Maple Grove Medical Park on Saint",
        "Bartholomew Avenue, Suite 210, Door C",
    )
    assert told(HEAD, "N3*B", patient=replace(JANE, address=address)) == [
        "N3*BUILDING 4 OF THE MAPLE GROVE MEDICAL PARK ON SAINT*BARTHOLOMEW AVENUE, SUITE 210, DOOR C"
    ]
    assert (address.whole_street, faults_of(file(claim(patient=replace(JANE, address=address))))) == (long, ())
    assert address_of("22 Elm St", "Denver", "CO", "80202") == JANE.address
    assert address_of("X" * 60, "", "", "") == Address("X" * 60)


def test_an_authorization_stands_before_the_number_of_the_earlier_claim():
    again = {"frequency": "7", "payer_claim_number": "ICN1", "authorization": "pa*77:1"}
    assert told(HEAD, "REF*G1", "REF*F8", **again) == ["REF*G1*PA771", "REF*F8*ICN1"]


def test_a_sex_that_claims_do_not_know_is_unknown():
    assert "DMG*D8*19560214*U~" in write_837p(file(claim(patient=replace(JANE, sex="X"))))


@pytest.mark.parametrize(
    ("amount", "written_as"), [("170.00", "170"), ("120.50", "120.5"), ("0.05", "0.05"), ("1000", "1000"), ("10", "10")]
)
def test_amounts_carry_no_zeros_that_say_nothing(amount: str, written_as: str):
    first, _ = lines("00007-00001-K7QX4M")
    text = write_837p(file(claim(lines=(replace(first, charge=Decimal(amount)),))))
    assert f"CLM*00007-00001-K7QX4M*{written_as}***" in text
    assert f"SV1*HC:99492*{written_as}*UN*1" in text


def test_modifiers_and_member_ids():
    first, _ = lines("00007-00001-K7QX4M")
    text = write_837p(
        file(
            claim(
                insured=replace(MEDICARE, member_id="1eg4-te5 mk73"),
                lines=(replace(first, modifiers=("25", "GT")),),
            )
        )
    )
    assert "SV1*HC:99492:25:GT*170*UN*1***1:2~" in text
    assert "MI*1EG4-TE5MK73~" in text


def test_what_is_kept_gives_the_same_text():
    whole = file(claim(), claim("00007-00002-AAAAAA", insured=AETNA))
    kept = [plain(one) for one in whole.claims]
    again = file(*(read(FiledClaim, one) for one in kept), head=read(FileHead, plain(whole.head)))
    assert write_837p(again) == write_837p(whole)


def test_what_was_kept_before_streets_had_two_lines_is_written_as_it_was():
    long = "Building 4 of the Maple Grove Medical Park on Saint Bartholomew Avenue, Suite 210, Door C"
    kept = plain(claim(patient=replace(JANE, address=Address(long, "Denver", "CO", "80202"))))
    head = plain(replace(HEAD, biller=replace(HEAD.biller, npi="1245319599")))
    for part, names in (
        (kept, ("authorization",)),
        (kept["support"], ("revoked_on", "covered_from", "covered_until")),
        (kept["patient"]["address"], ("street2",)),
        (head["biller"], ("given_name",)),
        (head["biller"]["address"], ("street2",)),
    ):
        for name in names:
            del part[name]
    text = write_837p(file(read(FiledClaim, kept), head=read(FileHead, head))).split("~\n")
    assert [line for line in text if line.startswith(("N3*B", "NM1*82", "NM1*85"))] == [
        "NM1*85*2*MAPLE GROVE FAMILY MEDICINE*****XX*1245319599",
        "N3*BUILDING 4 OF THE MAPLE GROVE MEDICAL PARK ON SAINT BAR",
        "NM1*82*1*RIVERA*ANA****XX*1245319599",
    ]


@pytest.mark.parametrize(
    ("text", "plain_one"),
    [
        ("Élodie", "ELODIE"),
        ("Łódź", "LODZ"),
        ("Strauß", "STRAUSS"),
        ("Ørsted", "ORSTED"),
        ("Æsa Œuvre", "AESA OEUVRE"),
        ("O’Brien", "O'BRIEN"),
        ("Smith–Jones", "SMITH-JONES"),
        ("A*B:C~D^E", "A B C D E"),
        ("  two   spaces\n", "TWO SPACES"),
        ("ıstanbul", "ISTANBUL"),
        ("Nguyễn", "NGUYEN"),
        ("名前", ""),
    ],
)
def test_names_become_what_every_reader_can_read(text: str, plain_one: str):
    assert plain_text(text) == plain_one


def test_letters_without_a_counterpart_are_told():
    assert (is_written_whole("Łódź-Nguyễn 3"), is_written_whole("Ivan Иван")) == (True, False)
    assert (is_plain("DOE, J. #5"), is_plain("doe"), is_plain("É")) == (True, False, False)
    assert identifier(" ab*12#é ") == "AB12#"


@given(st.text())
def test_whatever_is_typed_no_separator_is_left(text: str):
    written_as = plain_text(text)
    assert set(written_as) <= BASIC
    assert written_as == plain_text(written_as)


def test_segments_are_cut_at_their_end_and_read_by_place():
    one = segment("SBR", "P", 18, None, "")
    assert (one, one.at(2), one.at(9), one.parts(9)) == (Segment("SBR", ("P", "18")), "18", "", ())
    assert render([one], Separators("|", ">", "^", "!")) == "SBR|P|18!\n"
    assert Segment("SV1", ("HC>99492",)).parts(1, Separators(part=">")) == ("HC", "99492")
