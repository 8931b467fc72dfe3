"""Answers are read as they come; what cannot be read says what it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rules.x12.answers import read_answer
from billing.rules.x12.decoding import MOST_BYTES, Unreadable, text_of
from billing.rules.x12.reading import Interchange, interchanges
from billing.rules.x12.segments import Segment
from tests.rules.billing.answer_texts import (
    acknowledged_claims,
    acknowledged_file,
    claim_said,
    enveloped,
    paid_claim,
    payment,
    remittance,
)

PLAIN = remittance(payment(paid_claim()))


def segments(text: str) -> tuple[Segment, ...]:
    return tuple(one for found in interchanges(text) for part in found.transactions for one in part.segments)


def only(text: str) -> Interchange:
    found = interchanges(text)
    assert len(found) == 1
    return found[0]


def test_a_plain_file_is_cut_into_its_parts() -> None:
    one = only(PLAIN)
    (part,) = one.transactions
    assert (one.sender, one.receiver, one.control, one.notes, one.unknown) == (
        "PAYER",
        "COCMSUB01",
        "000000007",
        (),
        (),
    )
    assert (part.kind, part.control, part.first, len(part.segments)) == ("835", "0001", 4, 17)
    assert (one.groups[0].guide, part.segments[1]) == ("005010X221A1", Segment("TRN", ("1", "EFT100", "1234567890")))


DRESSED = {
    "a byte-order mark": "\ufeff" + PLAIN,
    "lines": PLAIN.replace("~", "~\n"),
    "lines of Windows": PLAIN.replace("~", "~\r\n"),
    "lines of old Macs": PLAIN.replace("~", "~\r"),
    "indentation": PLAIN.replace("~", "~\n      "),
    "lines instead of ends": PLAIN.replace("~", "\n"),
    "lines of Windows instead of ends": PLAIN.replace("~", "\r\n"),
    "lines broken at 80 letters": "\n".join(PLAIN[at : at + 80] for at in range(0, len(PLAIN), 80)),
    "trailing separators": PLAIN[:106] + PLAIN[106:].replace("~", "**~"),
    "empty lines before it": "\n\n  " + PLAIN,
    "an end of file of DOS": PLAIN + "\x1a",
    "no last end": PLAIN.removesuffix("~"),
    "pipes": PLAIN.replace("*", "|"),
    "angle brackets": PLAIN.replace("HC:", "HC>").replace("*P*:~", "*P*>~"),
    "exclamation marks": PLAIN.replace("~", "!"),
    "US between parts": PLAIN.replace(":", "\x1f"),
    "US between parts, RS between repetitions": PLAIN.replace(":", "\x1f").replace("^", "\x1e"),
    "GS, US and FS": PLAIN.replace("*", "\x1d").replace(":", "\x1f").replace("~", "\x1c"),
}


@pytest.mark.parametrize("dressed", DRESSED.values(), ids=DRESSED.keys())
def test_the_same_file_in_other_dress_says_the_same(dressed: str) -> None:
    plain, other = read_answer(PLAIN.encode()), read_answer(dressed.encode())
    assert (other.payments, other.said, other.kinds, other.unknown) == (plain.payments, (), ("835",), ())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert read_answer(PLAIN.encode(encoding)).payments == read_answer(PLAIN.encode()).payments


def test_letters_of_old_systems_are_kept() -> None:
    text = remittance(payment(paid_claim(name="MUÑOZ*JO")))
    claim = read_answer(text.encode("latin-1")).payments[0].claims[0]
    assert dict(claim.names)["patient"] == "MUÑOZ, JO"


@pytest.mark.parametrize(
    ("start", "end"),
    [("GS*", "IEA"), ("ST*", "GE*"), ("BPR*", "SE*")],
)
def test_missing_envelopes_are_done_without(start: str, end: str) -> None:
    bare = PLAIN[PLAIN.index(start) : PLAIN.index(end)]
    assert read_answer(bare.encode()).payments == read_answer(PLAIN.encode()).payments
    controls = bare.replace("*", "\x1d").replace(":", "\x1f").replace("~", "\x1c")
    assert read_answer(controls.encode()).payments == read_answer(PLAIN.encode()).payments
    assert read_answer(bare.replace("HC:", "HC>").encode()).payments == read_answer(PLAIN.encode()).payments


def test_without_an_envelope_the_end_of_segments_is_guessed() -> None:
    bare = PLAIN[PLAIN.index("ST*") : PLAIN.index("GE*")]
    for end in ("\n", "!", "'"):
        assert read_answer(bare.replace("~", end).encode()).payments == read_answer(PLAIN.encode()).payments


def test_bodies_without_envelopes_are_payments_of_their_own() -> None:
    """Their sums and trace numbers do not mix, also where the first pays nothing."""
    nothing = payment("CLP*A*4*290*0~CAS*CO*16*290~", total="0", trace="NONPAY")
    second = payment(paid_claim("B"), trace="EFT200")
    for first, trace, total in ((nothing, "NONPAY", "0.00"), (payment(paid_claim()), "EFT100", "145.00")):
        found = read_answer((first + second).encode()).payments
        assert [(one.trace_number, str(one.total), len(one.claims)) for one in found] == [
            (trace, total, 1),
            ("EFT200", "145.00", 1),
        ]
    texts = (acknowledged_file("R"), acknowledged_file("A", group="8"))
    receipts = "".join(text[text.index("AK1") : text.index("SE*")] for text in texts)
    said = [(one.reference, one.is_accepted) for one in read_answer(receipts.encode()).said]
    assert said == [("7", False), ("8", True)]


def test_a_test_pays_nothing_but_says_what_became_of_a_test() -> None:
    def marked(text: str) -> bytes:
        return text.replace("*0*P*", "*0*T*").encode()

    with pytest.raises(Unreadable) as caught:
        read_answer(acknowledged_file().encode() + marked(PLAIN))
    assert str(caught.value).startswith("This is a test file of the clearinghouse (its ISA15 says T): it pays nothing.")
    for text in (acknowledged_file("R"), acknowledged_claims(claim_said("C1", "A3:21"))):
        assert read_answer(marked(text)).said == read_answer(text.encode()).said


def test_several_interchanges_each_with_its_own_separators() -> None:
    second = remittance(payment(paid_claim("OTHER"), trace="EFT101"), number="000000008").replace("*", "|")
    found = interchanges(PLAIN + "\n" + second)
    assert [(one.control, one.separators.element) for one in found] == [("000000007", "*"), ("000000008", "|")]
    assert [one.trace_number for one in read_answer((PLAIN + second).encode()).payments] == ["EFT100", "EFT101"]


def test_an_interchange_without_an_end_gives_way_to_the_next() -> None:
    found = interchanges(PLAIN[: PLAIN.index("IEA")] + PLAIN)
    assert [one.notes for one in found] == [("An interchange has no end (IEA).",), ()]
    assert only(PLAIN[: PLAIN.index("GE*")]).notes == ("An interchange has no end (IEA).",)


@pytest.mark.parametrize(
    ("wrong", "note"),
    [
        (PLAIN.replace("IEA*1*000000007", "IEA*1*000000009"), "Interchange 000000007 ends (IEA) under another number."),
        (PLAIN.replace("GE*1*1", "GE*1*2"), "Group 1 ends (GE) under another number."),
        (PLAIN.replace("SE*19*0001", "SE*18*0001"), "Transaction 0001 has 19 segments; its end (SE) counts 18."),
        (PLAIN.replace("SE*19*0001", "SE**0001"), "Transaction 0001 has 19 segments; its end (SE) counts nothing."),
        (PLAIN.replace("SE*19*0001", "SE*19*0002"), "Transaction 0001 ends under another number."),
        (PLAIN.replace("SE*19*0001~", ""), "Transaction 0001 has no end (SE)."),
        (PLAIN.replace("GE*", "SE*9*9~GE*"), "A transaction ends (SE) that did not begin."),
        (PLAIN + "and more", "Something follows the end of the interchange."),
    ],
)
def test_what_does_not_add_up_around_the_money_is_noted(wrong: str, note: str) -> None:
    assert only(wrong).notes == (note,)
    assert read_answer(wrong.encode()).payments == read_answer(PLAIN.encode()).payments


def test_unknown_segments_are_kept_where_they_stood() -> None:
    text = PLAIN.replace("LX*1~", "ZZZ*what~LX*1~").replace("SVC*HC:99492", "QQQ*is*this~SVC*HC:99492")
    text = text.replace("GE*1*1", "JUNK*1~GE*1*1")
    answer = read_answer(text.encode())
    assert (answer.unknown, answer.payments[0].claims[0].unknown) == (("JUNK*1", "ZZZ*what"), ("QQQ*is*this",))


WANTED = "Choose the 999, 277CA or 835 as the clearinghouse or payer gave it."
INSTEAD = "Choose a 999, 277CA or 835. Nothing was taken over."
CUT = "Nothing was taken over. Ask for it again."
REFUSED = {
    "nothing": (b"", "The file is empty."),
    "blanks": (b" \r\n\x00\x1a", "The file is empty."),
    "only a mark": (b"\xff\xfe", "The file is empty."),
    "a PNG": (
        b"\x89PNG\r\n\x1a\n0000",
        f"The file is a picture, not an answer to claims. {WANTED}",
    ),
    "a PDF": (
        b"%PDF-1.7 ...",
        f"The file is a PDF, not an answer to claims. {WANTED}",
    ),
    "a ZIP": (
        b"PK\x03\x04....",
        f"The file is a ZIP file or an Excel workbook, not an answer to claims. Unpack it first. {WANTED}",
    ),
    "a ZIP behind a password": (
        b"PK\x03\x04\x14\x00\x01\x00\x08\x00",
        f"The file is a ZIP file that is locked with a password, not an answer to claims. Unlock it first. {WANTED}",
    ),
    "what PGP encrypted": (
        b"-----BEGIN PGP MESSAGE-----\n\nhQEMA",
        f"The file is encrypted, not an answer to claims. Unlock it first. {WANTED}",
    ),
    "a phone's picture": (
        b"\x00\x00\x00\x18ftypheic",
        f"The file is a picture, not an answer to claims. {WANTED}",
    ),
    "a letter in UTF-16": (
        "Dear practice, your claims".encode("utf-16"),
        f"The file is no answer to claims: it begins neither with ISA nor with a segment that answers have. {WANTED}",
    ),
    "a cut file in UTF-16": (
        PLAIN[:60].encode("utf-16"),
        "The file is cut off in the middle of its first segment, ISA. Ask for it again.",
    ),
    "a web page": (
        b"<!DOCTYPE html><html>",
        f"The file is a web page, not an answer to claims. {WANTED}",
    ),
    "bytes": (
        b"ISA*\x00\x01\x02*",
        "The file is not text. Choose the 999, 277CA or 835 as the clearinghouse or payer gave it.",
    ),
    "a letter": (
        b"Dear practice, your claims",
        f"The file is no answer to claims: it begins neither with ISA nor with a segment that answers have. {WANTED}",
    ),
    "a 270": (
        enveloped("270", "005010X279A1", "BHT*0022*13*1*20260302~HL*1**20*1~").encode(),
        f"The file holds a 270, which asks whether a patient is insured. {INSTEAD}",
    ),
    "a 277 to a question": (
        enveloped("277", "005010X212", "BHT*0010*08*1*20260302~HL*1**20*1~STC*F0~").encode(),
        f"The file holds a 277 that answers a question about claims. {INSTEAD}",
    ),
    "cut in ISA": (
        PLAIN[:60].encode(),
        "The file is cut off in the middle of its first segment, ISA. Ask for it again.",
    ),
    "ISA without separators": (
        PLAIN.replace("*P*:~", "*P*A1").encode(),
        "The first segment, ISA, does not say how the file is separated. Ask for it again.",
    ),
    "cut in a segment": (
        PLAIN[: PLAIN.index("HC:99494") + 4].encode(),
        f"The file is cut off in the middle of segment 16, SVC. {CUT}",
    ),
    "cut between segments": (
        PLAIN[: PLAIN.index("SVC*HC:99494")].encode(),
        f"The file is cut off: its transaction 0001 ends in the middle, after segment 15, AMT. {CUT}",
    ),
    "an empty envelope": (
        enveloped("835", "005010X221A1").encode(),
        "The file has an envelope and nothing in it. Ask for it again.",
    ),
    "an 835 without a total": (
        remittance("TRN*1*EFT*1~CLP*A*1*1*1~").encode(),
        "The 835 does not say what it pays: it has no BPR segment. Nothing was posted.",
    ),
    "two payments in one transaction": (
        remittance(payment(paid_claim()) + payment(paid_claim("B"), trace="EFT200")).encode(),
        (
            "Transaction 0001 holds two payments: a second BPR stands in it, segment 21. Nothing was posted. Ask for "
            "the file again, with a transaction (ST to SE) for each of them."
        ),
    ),
    "two receipts in one transaction": (
        acknowledged_file("R").replace("AK9*R*1*1*0~", "AK9*R*1*1*0~AK1*HC*8~").encode(),
        (
            "Transaction 0001 holds two answers: a second AK1 stands in it, segment 8. Nothing was posted. Ask for the "
            "file again, with a transaction (ST to SE) for each of them."
        ),
    ),
    "a 999 that says nothing": (
        enveloped("999", "005010X231A1", "AK1*HC*7~").encode(),
        "The 999 says of no file and no claim whether it was taken. Ask for it again.",
    ),
    "an amount in words": (
        remittance(payment(paid_claim(), total="A LOT")).encode(),
        "Segment 4, BPR: element 2 is no amount in dollars and cents. Nothing was posted.",
    ),
    "a third of a cent": (
        remittance(payment(paid_claim(), total="145.001")).encode(),
        "Segment 4, BPR: element 2 is no amount in dollars and cents. Nothing was posted.",
    ),
    "no such group": (
        PLAIN.replace("CAS*CO*45", "CAS*XX*45").encode(),
        "Segment 13, CAS: no group of adjustments that an 835 has. Nothing was posted.",
    ),
    "a reason that is a sentence": (
        PLAIN.replace("CAS*CO*45", "CAS*CO*BECAUSE").encode(),
        "Segment 13, CAS: a reason of adjustment is too long. Nothing was posted.",
    ),
    "too many lines": (
        remittance(payment("CLP*A*1*0*0~" + "SVC*HC:99492*0*0~" * 1000)).encode(),
        "Segment 1009, SVC: a claim has more than 999 lines. Nothing was posted.",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_says_what_it_is(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_answer(content)
    assert str(caught.value) == sentence


def test_too_large_is_said_before_anything_is_read() -> None:
    with pytest.raises(Unreadable, match="larger than 25 MB"):
        text_of(b"I" * (MOST_BYTES + 1))


_PIECES = st.sampled_from(
    [
        *("ISA", "GS", "ST", "SE", "GE", "IEA", "BPR", "TRN", "CLP", "SVC", "CAS", "PLB", "AK1", "AK2", "IK3", "IK5"),
        *("HL", "STC", "TRN", "TA1", "*", "~", ":", "\n", "835", "999", "277", "CO", "45", "-1.00", "A3:21", "PT"),
        *("HC:99492", "1", "0085", "BHT", "20260320", "\x00", "é"),
    ]
)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_nothing_but_unreadable_is_raised(content: bytes) -> None:
    _read_or_refuse(content)


@given(st.lists(_PIECES, max_size=80).map("".join))
def test_whatever_pieces_of_answers_come_nothing_but_unreadable_is_raised(text: str) -> None:
    _read_or_refuse(text.encode())
    _read_or_refuse((PLAIN[:106] + text).encode())


@given(st.integers(0, len(PLAIN)), st.integers(0, 40), st.text(alphabet="*~:^ A1-.", max_size=6))
def test_a_file_that_was_damaged_anywhere_is_read_or_refused(at: int, length: int, instead: str) -> None:
    _read_or_refuse((PLAIN[:at] + instead + PLAIN[at + length :]).encode())


@given(st.integers(0, len(PLAIN) - 1))
def test_a_file_cut_off_anywhere_never_loses_money_silently(at: int) -> None:
    """It is refused, or it is whole but for the end of its envelope."""
    answer = _read_or_refuse(PLAIN[:at].encode())
    if answer is not None:
        assert answer == read_answer(PLAIN.encode()).payments


_ELSE = remittance(payment(paid_claim("ELSE"), trace="EFT101"), number="000000008")
_KNOWN = {
    "a payment": PLAIN,
    "a payment with other separators": _ELSE.replace("*", "|").replace("~", "!"),
    "a payment in lines": _ELSE.replace("~", "\n"),
    "a payment broken at 80 letters": "\n".join(_ELSE[at : at + 80] for at in range(0, len(_ELSE), 80)),
    "a payment behind a mark": "\ufeff" + _ELSE,
    "a group": _ELSE[_ELSE.index("GS*") : _ELSE.index("IEA")],
    "a group with other separators": _ELSE[_ELSE.index("GS*") : _ELSE.index("IEA")].replace("*", "|"),
    "a set": _ELSE[_ELSE.index("ST*") : _ELSE.index("GE*")],
    "a set with other ends": _ELSE[_ELSE.index("ST*") : _ELSE.index("GE*")].replace("~", "!"),
    "a receipt": acknowledged_file(),
    "claims": acknowledged_claims(claim_said("C1", "A2:20")),
    "an interchange without an end": PLAIN[: PLAIN.index("IEA")],
}
_JUNK = st.one_of(
    st.sampled_from(["", "\n", "\ufeff", "and more", "\n-- page 2 --\n", "~~", "GE*1*1~", "IEA*1*7~", "ISA", "BEST*"]),
    st.text(alphabet="abIS ~*\n|GT1", max_size=12),
)


@settings(deadline=None)
@given(st.lists(st.tuples(_JUNK, st.sampled_from(sorted(_KNOWN))), min_size=1, max_size=5), _JUNK)
def test_of_several_files_in_one_none_is_lost(parts: list[tuple[str, str]], last: str) -> None:
    """All of them are read, whatever stands between them, or the whole is refused with a sentence."""
    text = "".join(junk + _KNOWN[name] for junk, name in parts) + last
    try:
        answer = read_answer(text.encode())
    except Unreadable:
        assert _read_or_refuse(text.encode()) is None
        return
    alone = [read_answer(_KNOWN[name].encode()) for _, name in parts]
    assert [one.trace_number for one in answer.payments] == [one.trace_number for a in alone for one in a.payments]
    assert [one.claims for one in answer.payments] == [one.claims for a in alone for one in a.payments]
    assert [one.reference for one in answer.said] == [one.reference for a in alone for one in a.said]


@pytest.mark.parametrize("first", _KNOWN.values(), ids=_KNOWN)
@pytest.mark.parametrize("second", _KNOWN.values(), ids=_KNOWN)
@pytest.mark.parametrize("between", ["", "\n", "\r\nand more\r\n"])
def test_any_two_are_both_read(first: str, second: str, between: str) -> None:
    both = read_answer((first + between + second).encode())
    alone = [read_answer(one.encode()) for one in (first, second)]
    assert (both.payments, [one.reference for one in both.said]) == (
        alone[0].payments + alone[1].payments,
        [one.reference for answer in alone for one in answer.said],
    )
    # Behind an interchange that has no end, the text is taken for a segment of it.
    kept = [part for part in both.unknown if "and more" in part]
    assert len(kept) == (1 if "and" in between else 0)


def test_what_stands_before_and_between_is_kept_whole() -> None:
    long = "x" * 1200
    answer = read_answer(f"Dear practice,\n{PLAIN}{long}{PLAIN}".encode())
    assert answer.unknown == ("Dear practice,", "x" * 500, "x" * 500, "x" * 200)
    assert answer.notes == (
        "Something stands before the first interchange.",
        "Something follows the end of the interchange.",
    )


@pytest.mark.parametrize("at", [len(PLAIN) // 2, PLAIN.index("SVC*HC:99494")])
def test_one_that_breaks_off_before_the_next_refuses_the_whole(at: int) -> None:
    for more in (PLAIN, PLAIN[PLAIN.index("ST*") :], PLAIN[PLAIN.index("GS*") :].replace("*", "|")):
        with pytest.raises(Unreadable, match="cut off"):
            read_answer((PLAIN[:at] + more).encode())


def _read_or_refuse(content: bytes) -> object:
    try:
        return read_answer(content).payments
    except Unreadable as caught:
        refusal = str(caught)
    assert refusal.endswith(".")
    return None


def test_a_file_acknowledgement_in_lines_is_read_too() -> None:
    answer = read_answer(acknowledged_file().replace("~", "~\n  ").encode())
    assert [(one.reference, one.is_accepted, one.addressed) for one in answer.said] == [("7", True, "COCMSUB01")]
