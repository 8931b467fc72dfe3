"""Two tabs, two workers, two people at once: real connections, every transaction commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from uuid import uuid4

import pytest

from bhi.tenancy.context import tenant
from registry.models import Assessment, DutyTurn, SafetyNotice, SafetyStep, SelfReport
from registry.operations.answers import finish_self_report, give_answer
from registry.operations.duty import add_turns
from registry.operations.safety import acknowledge_notice, tell_of_notice
from registry.operations.self_report_errors import LinkOver, NoticeTaken, TurnOverlaps
from registry.operations.self_reports import confirm_birth_date, send_self_report
from tests.factories.registry import PatientFactory, system_seat
from tests.factories.tenancy import MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


def told(organization: Any, *works: Callable[[], Any]) -> list[Any]:
    """What each of those who do it at once gets back, or the kind of refusal."""
    answers = at_once(organization, works)
    return [type(answer) if isinstance(answer, Exception) else answer for answer in answers]


@pytest.fixture
def patient(organization: Any) -> Any:
    with tenant(organization):
        return PatientFactory(organization=organization)


@pytest.fixture
def by(organization: Any, patient: Any, now: datetime) -> Any:
    """On duty at every hour."""
    seat = MembershipFactory(organization=organization)
    with tenant(organization):
        system_seat(organization)
        add_turns(
            by=seat,
            at=now,
            clinic_id=patient.clinic_id,
            weekdays=range(7),
            begins_at=time(0),
            ends_at=time(0),
            people=[seat.id],
        )
    return seat


@pytest.fixture
def send(organization: Any, patient: Any, by: Any, now: datetime) -> Callable[..., SelfReport]:
    def make(token: Any = None) -> SelfReport:
        return send_self_report(
            by=by,
            at=now,
            patient_id=patient.id,
            tools=["phq9"],
            language="en",
            sent_by="printed",
            client_token=token or uuid4(),
        )

    return make


@pytest.fixture
def opened(organization: Any, send: Callable[..., SelfReport], patient: Any, by: Any, now: datetime) -> SelfReport:
    """With all answers but the last."""
    with tenant(organization):
        report = send()
        confirm_birth_date(by=by, at=now, report_id=report.id, birth_date=patient.birth_date, session_sha256=bytes(32))
        for number in range(1, 9):
            give_answer(by=by, at=now, report_id=report.id, tool="phq9", number=number, points=1)
    return report


def test_one_form_makes_one_link(organization: Any, send: Callable[..., SelfReport]) -> None:
    token = uuid4()
    made = told(organization, *[lambda: send(token).id] * AT_ONCE)
    assert len(set(made)) == 1
    with tenant(organization):
        assert SelfReport.objects.count() == 1


def test_of_tabs_that_finish_at_once_one_does(organization: Any, opened: SelfReport, by: Any, now: datetime) -> None:
    with tenant(organization):
        give_answer(by=by, at=now, report_id=opened.id, tool="phq9", number=9, points=0)
    ended = told(organization, *[lambda: finish_self_report(by=by, at=now, report_id=opened.id)] * AT_ONCE)
    assert sorted(map(str, ended)) == sorted(map(str, [None, *[LinkOver] * (AT_ONCE - 1)]))
    with tenant(organization):
        assert [a.total for a in Assessment.objects.all()] == [8]


def test_a_dangerous_answer_from_two_tabs_calls_once(
    organization: Any, opened: SelfReport, by: Any, now: datetime
) -> None:
    def answer() -> bool:
        return give_answer(by=by, at=now, report_id=opened.id, tool="phq9", number=9, points=2)

    assert told(organization, *[answer] * AT_ONCE) == [True] * AT_ONCE
    with tenant(organization):
        assert (SafetyNotice.objects.count(), Assessment.objects.count()) == (1, 1)


def test_no_answer_of_two_tabs_is_lost(organization: Any, opened: SelfReport, by: Any, now: datetime) -> None:
    works = [
        lambda number=number: give_answer(by=by, at=now, report_id=opened.id, tool="phq9", number=number, points=3)
        for number in range(1, 9)
    ]
    assert told(organization, *works) == [False] * 8
    with tenant(organization):
        given = SelfReport.objects.get().answers["given"]["phq9"]["items"]
    assert given == {str(number): 3 for number in range(1, 9)}


def test_wrong_birth_dates_are_all_counted(
    organization: Any, send: Callable[..., SelfReport], by: Any, now: datetime
) -> None:
    with tenant(organization):
        report = send()

    def guess() -> bool:
        return confirm_birth_date(by=by, at=now, report_id=report.id, birth_date=now.date(), session_sha256=bytes(32))

    ended = told(organization, *[guess] * 8)
    assert sorted(map(str, ended)) == sorted(map(str, [*[False] * 5, *[LinkOver] * 3]))


def test_two_workers_tell_one_person_once_and_one_of_two_people_takes_it_on(
    organization: Any, opened: SelfReport, by: Any, now: datetime
) -> None:
    other = MembershipFactory(organization=organization)
    with tenant(organization):
        give_answer(by=by, at=now, report_id=opened.id, tool="phq9", number=9, points=1)
        notice = SafetyNotice.objects.get()

    def tell() -> int:
        return len(tell_of_notice(organization_id=organization.id, notice_id=notice.id, at=now))

    assert sorted(told(organization, *[tell] * AT_ONCE)) == [*[0] * (AT_ONCE - 1), 1]
    taken = told(
        organization,
        *(lambda seat=seat: acknowledge_notice(by=seat, at=now, notice_id=notice.id).id for seat in (by, other)),
    )
    assert sorted(map(str, taken)) == sorted(map(str, [notice.id, NoticeTaken]))
    with tenant(organization):
        assert SafetyStep.objects.filter(kind="told").count() == 1


def test_of_two_who_fill_one_hour_one_is_told_that_it_is_taken(
    organization: Any, patient: Any, by: Any, now: datetime
) -> None:
    with tenant(organization):
        DutyTurn.objects.update(is_current=False)

    def add() -> int:
        return len(
            add_turns(
                by=by,
                at=now,
                clinic_id=patient.clinic_id,
                weekdays=[0],
                begins_at=time(8),
                ends_at=time(17),
                people=[by.id],
            )
        )

    assert sorted(map(str, told(organization, add, add))) == sorted(map(str, [1, TurnOverlaps]))
