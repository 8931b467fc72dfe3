"""Addresses of questionnaires: they lead back to their organization, and say nothing."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.links import long_address, read_address, secret_sha256, short_address, spoken

LAKESIDE = UUID("01a20061-861e-790f-8337-67fc6be91fb0")
SECRET = bytes(range(100, 132))


@given(st.uuids(), st.binary(min_size=32, max_size=32))
def test_what_was_made_is_read_again(organization_id, secret):
    long, short = long_address(organization_id, secret), short_address(organization_id, secret)
    assert (len(long), len(short)) == (43, 12)
    followed, typed = read_address(long), read_address(short)
    assert followed.among([]) == [organization_id]
    assert followed.secret_sha256 == secret_sha256(secret, is_short=False)
    assert typed.among([organization_id]) == [organization_id]
    assert typed.secret_sha256 == secret_sha256(secret, is_short=True)


def test_a_code_is_read_as_people_type_it():
    code = short_address(LAKESIDE, SECRET)
    right = read_address(code)
    assert read_address(spoken(code).lower()) == right
    assert read_address(f" {code[:6]} {code[6:]} ") == right
    assert read_address(code.replace("0", "O").replace("1", "l")) == right


def test_a_code_is_another_organizations_only_by_chance():
    others = [UUID(int=number) for number in range(1000)]
    assert read_address(short_address(LAKESIDE, SECRET)).among([*others, LAKESIDE]) == [LAKESIDE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "A" * 42,
        "!" * 43,
        "UUUUUUUUUUUU",
        "A" * 11,
        "A" * 13,
        "ä" * 12,
        "é" * 43,
        long_address(LAKESIDE, SECRET)[:-1] + "_",
    ],
)
def test_nonsense_is_no_address(text):
    assert read_address(text) is None


def test_a_code_is_read_out_in_fours():
    assert spoken("K7QM2XTP9BDR") == "K7QM-2XTP-9BDR"
