"""The loop of a recommendation: what may come next, and by when."""

from __future__ import annotations

from datetime import date

import pytest

from caseload.rules.advice import (
    AdviceLimits,
    decision_due_on,
    due_on,
    first_state,
    goes_ahead,
    needs_decision,
    next_states,
    states_after_voiding,
    told_due_on,
)

# A Thursday: two business days later is a Monday.
SIGNED, LATER = date(2026, 2, 26), date(2026, 3, 4)


@pytest.mark.parametrize(
    ("kind", "decided", "ahead", "first"),
    [
        ("continue", False, False, "closed"),
        ("not_recorded", False, False, "closed"),
        ("psychosocial", False, True, "proposed"),
        ("safety", True, True, "proposed"),
        *((kind, True, False, "proposed") for kind in ("medication", "diagnostic", "evaluation", "referral")),
        *((kind, True, False, "proposed") for kind in ("step_down", "discharge")),
    ],
)
def test_who_decides_and_where_it_begins(kind: str, decided: bool, ahead: bool, first: str) -> None:
    assert (needs_decision(kind), goes_ahead(kind), first_state(kind)) == (decided, ahead, first)


@pytest.mark.parametrize(
    ("kind", "state", "following"),
    [
        ("medication", "proposed", {"sent", "accepted", "modified", "declined", "closed"}),
        ("medication", "sent", {"accepted", "modified", "declined", "closed"}),
        ("medication", "accepted", {"carried_out", "closed"}),
        ("medication", "modified", {"carried_out", "closed"}),
        ("medication", "declined", {"closed"}),
        ("medication", "carried_out", {"told", "closed"}),
        ("medication", "told", {"closed"}),
        ("medication", "closed", set()),
        ("psychosocial", "proposed", {"sent", "declined", "carried_out", "closed"}),
        ("psychosocial", "sent", {"declined", "carried_out", "closed"}),
        ("safety", "sent", {"accepted", "modified", "declined", "carried_out", "closed"}),
        ("continue", "proposed", set()),
    ],
)
def test_what_may_come_next(kind: str, state: str, following: set[str]) -> None:
    assert next_states(state, kind) == following


@pytest.mark.parametrize(
    ("kind", "state", "state_on", "due"),
    [
        ("medication", "proposed", SIGNED, date(2026, 2, 27)),
        ("medication", "sent", date(2026, 2, 27), date(2026, 3, 2)),
        ("medication", "accepted", LATER, date(2026, 3, 5)),
        ("medication", "modified", LATER, date(2026, 3, 5)),
        ("medication", "carried_out", LATER, date(2026, 3, 5)),
        ("medication", "declined", LATER, date(2026, 3, 11)),
        ("medication", "told", LATER, LATER),
        ("medication", "closed", LATER, None),
        ("referral", "proposed", SIGNED, date(2026, 2, 27)),
        ("referral", "sent", LATER, date(2026, 3, 5)),
        ("referral", "accepted", LATER, date(2026, 3, 12)),
        ("psychosocial", "proposed", SIGNED, date(2026, 3, 5)),
        ("psychosocial", "carried_out", LATER, date(2026, 3, 12)),
        ("safety", "proposed", SIGNED, SIGNED),
        ("safety", "sent", SIGNED, SIGNED),
        ("safety", "carried_out", SIGNED, SIGNED),
        ("continue", "closed", SIGNED, None),
    ],
)
def test_when_the_next_step_is_due(kind: str, state: str, state_on: date, due: date | None) -> None:
    assert due_on(kind, state, state_on, proposed_on=SIGNED) == due


def test_a_clinic_sets_its_own_days_and_holidays_are_none() -> None:
    limits = AdviceLimits(medication_decision=1, medication_told=3, other_decision=3, other_told=5)
    friday = date(2026, 1, 16)  # before the third Monday of January
    assert decision_due_on("medication", friday, limits) == date(2026, 1, 20)
    assert told_due_on("medication", friday, limits) == date(2026, 1, 22)
    assert decision_due_on("diagnostic", friday, limits) == date(2026, 1, 19)
    assert told_due_on("diagnostic", friday, limits) == date(2026, 1, 21)
    assert due_on("diagnostic", "proposed", friday, limits) == date(2026, 1, 19)


@pytest.mark.parametrize(
    ("states", "voided", "gone"),
    [
        (["sent", "accepted"], "accepted", {"accepted"}),
        (["sent", "accepted"], "sent", set()),
        (["sent", "accepted", "carried_out", "told", "closed"], "closed", {"told", "closed"}),
        (["sent", "accepted", "carried_out", "told", "closed"], "told", {"told", "closed"}),
        (["sent", "declined", "closed"], "closed", {"closed"}),
        ([], "", set()),
    ],
)
def test_the_last_step_is_taken_back(states: list[str], voided: str, gone: set[str]) -> None:
    assert states_after_voiding(states, voided) == gone
