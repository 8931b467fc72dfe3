"""Which of several acknowledgements counts."""

from datetime import date
from itertools import permutations

from billing.rules.acknowledged import Heard, counts

FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 5)


def heard(kind: str = "999", *, taken: bool = True, on: date = FIRST, order: int = 0) -> Heard:
    return Heard(kind, taken, on, order)


def test_nothing_heard_counts_as_nothing():
    assert counts([]) is None


def test_within_a_kind_the_payers_latest_day_counts_whenever_it_was_read():
    refused, taken = heard(taken=False, on=FIRST, order=1), heard(on=SECOND, order=0)
    assert {counts(said) for said in permutations((refused, taken))} == {taken}
    refused, taken = heard(taken=False, on=SECOND, order=0), heard(on=FIRST, order=1)
    assert {counts(said) for said in permutations((refused, taken))} == {refused}


def test_on_one_day_the_file_that_was_read_last_counts():
    refused, taken = heard(taken=False, order=0), heard(order=1)
    assert {counts(said) for said in permutations((refused, taken))} == {taken}


def test_within_one_file_a_refusal_counts():
    refused, taken = heard(taken=False), heard()
    assert {counts(said) for said in permutations((refused, taken))} == {refused}


def test_no_kind_takes_back_what_another_refused():
    refused = heard("999", taken=False, on=FIRST)
    later = heard("277CA", on=SECOND, order=1), heard("TA1", on=SECOND, order=2)
    assert {counts(said) for said in permutations((refused, *later))} == {refused}


def test_of_acceptances_the_latest_counts():
    assert counts([heard("TA1", on=FIRST), heard("277CA", on=SECOND), heard("999", on=FIRST)]) == heard(
        "277CA", on=SECOND
    )
