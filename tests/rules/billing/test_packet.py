"""What does not count, added up; and the fingerprint of what a packet prints."""

from __future__ import annotations

import zlib

import pytest

from billing.rules import packet
from billing.rules.packet import EXCLUDED_WORDS, Excluded, PacketContent, excluded_sums, fingerprint, mark_of
from caseload.rules.standing import PHRASES


def test_seconds_are_added_up_by_reason_the_most_first() -> None:
    said = [("scheduling", 300), ("before_consent", 60), ("scheduling", 60), ("odd", 60)]
    assert excluded_sums(said) == (
        Excluded("Scheduling", 360),
        Excluded("Before consent", 60),
        Excluded("odd", 60),
    )


def test_every_reason_of_the_time_rules_has_its_words() -> None:
    assert EXCLUDED_WORDS.keys() == PHRASES.keys()


def test_equal_content_has_an_equal_fingerprint_and_another_one_not() -> None:
    assert fingerprint(PacketContent(())) == fingerprint(PacketContent(()))
    assert fingerprint(PacketContent(())) != fingerprint(PacketContent((), batch=7))


MARK = b"bhi-packet:" + b"ab" * 32


def stream(content: bytes) -> bytes:
    return b"stream\n" + content + b"\nendstream\n"


def test_the_mark_of_a_file_is_found_plain_or_packed() -> None:
    for file in (MARK, stream(zlib.compress(MARK)), stream(zlib.compress(MARK)) + stream(b"a picture")):
        assert mark_of(file) == "ab" * 32
    assert mark_of(stream(zlib.compress(b"nothing")) + b"bhi-packet:short") == ""


def test_a_file_that_swells_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet, "MOST_IN_ALL", 100)
    assert mark_of(stream(zlib.compress(MARK)) + stream(zlib.compress(b"0" * 200))) == ""
    monkeypatch.setattr(packet, "MOST_OF_A_STREAM", 100)
    assert mark_of(stream(zlib.compress(b"0" * 200 + MARK))) == ""
