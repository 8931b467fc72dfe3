"""When a referral to other care and a question to the clinician may be recorded so."""

from __future__ import annotations

from datetime import date

import pytest

from caseload.rules.coordination import ReferralStep, faults_of_answer, faults_of_referral, faults_of_request

TODAY, SENT, LATER = date(2026, 3, 2), date(2026, 2, 20), date(2026, 3, 9)


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        (ReferralStep(check_on=LATER), ()),
        (ReferralStep(check_on=TODAY, scheduled_on=SENT), ()),
        (ReferralStep(), ("check_on",)),
        (ReferralStep(check_on=SENT), ("check_on",)),
        (ReferralStep(scheduled_on=date(2026, 2, 19), check_on=LATER), ("scheduled_on",)),
        (ReferralStep(closed_because="Moved away"), ()),
        (ReferralStep(seen_on=SENT, seen_confirmed_by="Front desk"), ()),
        (ReferralStep(seen_on=TODAY), ("seen_confirmed_by",)),
        (ReferralStep(seen_on=date(2026, 2, 19), seen_confirmed_by="x"), ("seen_on",)),
        (ReferralStep(seen_on=LATER, seen_confirmed_by="x", closed_because="y"), ("seen_on", "closed_because")),
    ],
)
def test_a_referral_is_followed_until_it_ends(step: ReferralStep, fields: tuple[str, ...]) -> None:
    assert tuple(fault.field for fault in faults_of_referral(step, sent_on=SENT, today=TODAY)) == fields


def test_a_referral_is_not_sent_tomorrow() -> None:
    found = faults_of_referral(ReferralStep(check_on=LATER), sent_on=LATER, today=TODAY)
    assert [fault.field for fault in found] == ["sent_on"]


@pytest.mark.parametrize(
    ("asked_on", "due_on", "fields"),
    [(SENT, TODAY, []), (TODAY, TODAY, []), (LATER, LATER, ["asked_on"]), (TODAY, SENT, ["due_on"])],
)
def test_a_question_and_its_day(asked_on: date, due_on: date, fields: list[str]) -> None:
    assert [fault.field for fault in faults_of_request(asked_on=asked_on, due_on=due_on, today=TODAY)] == fields


@pytest.mark.parametrize(("answered_on", "count"), [(SENT, 0), (TODAY, 0), (date(2026, 2, 19), 1), (LATER, 1)])
def test_an_answer_follows_its_question(answered_on: date, count: int) -> None:
    assert len(faults_of_answer(answered_on=answered_on, asked_on=SENT, today=TODAY)) == count
