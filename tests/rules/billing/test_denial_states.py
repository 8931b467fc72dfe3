"""Which moves of a denial there are: all of them, by whom."""

import pytest

from billing.rules.denial_states import STATES, Through, may_become

MOVES = {
    Through.PERSON: {
        "open": {"corrected", "appealed", "written_off"},
        "corrected": {"open", "appealed", "written_off"},
        "appealed": {"open", "corrected", "written_off"},
        "written_off": {"open", "corrected", "appealed"},
        "paid": set(),
        "superseded": set(),
    },
    Through.CLAIM: {
        "open": {"corrected"},
        "corrected": set(),
        "appealed": {"corrected"},
        "written_off": set(),
        "paid": set(),
        "superseded": set(),
    },
    Through.RECEIPT: {
        "open": set(),
        "corrected": {"open"},
        "appealed": set(),
        "written_off": set(),
        "paid": set(),
        "superseded": set(),
    },
    Through.ANSWER: {
        "open": {"paid", "superseded"},
        "corrected": {"paid", "superseded"},
        "appealed": {"paid", "superseded"},
        "written_off": {"paid"},
        "paid": {"superseded"},
        "superseded": set(),
    },
}


@pytest.mark.parametrize("through", list(Through))
def test_every_move_is_decided(through: Through) -> None:
    found = {before: {after for after in STATES if may_become(through, before, after)} for before in STATES}
    assert found == MOVES[through]
