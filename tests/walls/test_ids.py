"""Identifiers: RFC 9562 version 7, in the order in which they were made, one millisecond apart at most."""

import time
import uuid

import time_machine
from hypothesis import given
from hypothesis import strategies as st

from bhi.tenancy.ids import uuid7


def milliseconds_of(identifier):
    return identifier.int >> 80


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_layout(second):
    with time_machine.travel(second, tick=False):
        identifier = uuid7()
    layout = (identifier.version, identifier.variant, milliseconds_of(identifier))
    assert layout == (7, uuid.RFC_4122, second * 1000)


def test_the_time_is_the_clocks():
    before = time.time_ns() // 1_000_000
    identifier = uuid7()
    after = time.time_ns() // 1_000_000
    assert before <= milliseconds_of(identifier) <= after


def test_later_ones_sort_later():
    made = []
    for second in range(100):
        with time_machine.travel(1_700_000_000 + second, tick=False):
            made.append(uuid7())
    assert sorted(made) == made


def test_no_two_are_the_same_within_a_millisecond():
    with time_machine.travel(1_700_000_000, tick=False):
        made = {uuid7() for _ in range(10_000)}
    assert len(made) == 10_000
