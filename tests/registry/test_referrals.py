"""Referrals made, tried, waiting, ended and opened again, through their operations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import DomainError, NotFound
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from registry.models import Assessment, Episode, Patient, Referral, ReferralAttempt
from registry.operations import end_episode, open_episode, void_facts
from registry.operations.assessments import ScoreGiven
from registry.operations.errors import (
    AlreadyVoided,
    DateOutOfOrder,
    FormReused,
    ReasonMissing,
    RecordNumberTaken,
    ScoreUnusable,
)
from registry.operations.protocols import set_protocol
from registry.operations.recording import Stamp
from registry.operations.referral_course import (
    assign_referral,
    close_as_enrolled,
    end_referral,
    put_on_waiting_list,
    record_attempt,
    reopen_referral,
    set_eligibility,
    take_from_waiting_list,
    void_attempt,
)
from registry.operations.referral_errors import (
    AlreadyEnrolled,
    AlreadySo,
    DayImpossible,
    EndingIncomplete,
    PatientDied,
    ReasonNeeded,
    ReferralEnded,
    ReferralNotEnded,
    ReferralOpen,
    StayedEnrolled,
)
from registry.operations.referrals import NewPerson, make_referral

MONDAY = date(2026, 3, 2)
ANA = NewPerson("O'Brien", "Ana", date(1961, 5, 4), phone="312-555-0134", may_leave_voicemail=True)


@pytest.fixture
def by(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    return membership("care_manager", name="Ken Abara")


@pytest.fixture
def refer(by: Any, clinic: Any, now: datetime) -> Callable[..., Referral]:
    """`refer(urgency="soon")`: a new person of this clinic, referred on Monday."""

    def make(**given: Any) -> Referral:
        values = {
            "by": by, "at": now, "patient": ANA, "clinic": clinic, "referred_on": MONDAY, "source": "clinician",
            "reason": "Low mood since autumn", "client_token": uuid4(), **given,
        }  # fmt: skip
        return make_referral(**values).referral

    return make


@pytest.fixture
def attempt(by: Any, now: datetime) -> Callable[..., ReferralAttempt]:
    """`attempt(referral, on="2026-03-03", outcome="reached")`: tried at noon in Chicago, logged at once."""

    def make(referral: Referral, on: str = "", outcome: str = "no_answer", **given: Any) -> ReferralAttempt:
        tried_at = datetime.fromisoformat(f"{on}T18:00+00:00") if on else now
        values = {
            "by": by, "at": max(now, tried_at), "referral_id": referral.id, "client_token": uuid4(),
            "tried_at": tried_at, "mode": "phone", "outcome": outcome, **given,
        }  # fmt: skip
        return record_attempt(**values).attempt

    return make


def fresh(referral: Referral) -> Referral:
    return Referral.objects.get(id=referral.id)


def stands(referral: Referral) -> tuple[str, date | None]:
    now = fresh(referral)
    return now.state, now.due_on


def last_event() -> tuple[str, list[str]]:
    event = AuditEvent.objects.order_by("-id")[0]
    return event.action, event.fields


# Referring


def test_a_new_person_is_put_on_record_with_the_referral_and_its_scores(refer: Any, by: Any) -> None:
    scores = [ScoreGiven("phq9", total=18, item9=1), ScoreGiven("gad7", total=12)]
    referral = refer(scores=scores, urgency="soon", is_warm_hand_off=True, is_eligible=True, assigned_to=by)
    patient = referral.patient
    assert (patient.name, patient.mrn, patient.phone, patient.may_leave_voicemail) == (
        "Ana O'Brien", "", "312-555-0134", True,
    )  # fmt: skip
    assert (referral.state, referral.urgency, referral.is_warm_hand_off) == ("referred", "soon", True)
    assert (referral.first_attempt_due_on, referral.due_on) == (date(2026, 3, 4), date(2026, 3, 4))
    found = (
        Assessment.objects.filter(patient=patient)
        .order_by("instrument")
        .values_list("instrument", "total", "item9", "episode", "on")
    )
    assert list(found) == [("gad7", 12, None, None, MONDAY), ("phq9", 18, 1, None, MONDAY)]
    assert last_event() == (
        "referral.made", ["birth_date", "gad7", "name", "phq9", "referred_on", "source", "urgency"],
    )  # fmt: skip
    assert AuditEvent.objects.count() == 1


def test_the_clinic_decides_when_the_first_attempt_is_due(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    set_protocol(by=by, at=now, clinic=clinic, first_attempt_days=5)
    assert refer().due_on == date(2026, 3, 9)


def test_a_second_submit_changes_nothing(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    token = uuid4()
    first = refer(client_token=token)
    again = make_referral(
        by=by, at=now, patient=ANA, clinic=clinic, referred_on=MONDAY, source="clinician", client_token=token
    )
    assert (again.referral, again.was_new) == (first, False)
    assert (Patient.objects.count(), Referral.objects.count(), AuditEvent.objects.count()) == (1, 1, 1)


def test_one_open_referral_is_enough(refer: Any) -> None:
    referral = refer()
    with pytest.raises(ReferralOpen, match="Go on with that one"):
        refer(patient=referral.patient)
    assert Referral.objects.count() == 1


def test_who_is_enrolled_is_not_referred(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    referral = refer()
    end_referral(by=by, at=now, referral_id=referral.id, outcome="duplicate")
    open_episode(by=by, at=now, patient=referral.patient, clinic=clinic, enrolled_on=MONDAY)
    with pytest.raises(AlreadyEnrolled):
        refer(patient=referral.patient)


def test_who_was_discharged_comes_back_and_keeps_the_old_scores_apart(
    refer: Any, by: Any, clinic: Any, now: datetime
) -> None:
    patient = refer().patient
    referral = Referral.objects.get()
    episode = open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=MONDAY)
    close_as_enrolled(by=by, at=now, referral=referral, episode=episode)
    end_episode(by=by, at=now, episode=episode, on=MONDAY, reason="graduated")
    Job.objects.all().delete()
    again = refer(patient=patient, scores=[ScoreGiven("phq9", total=20)])
    assert Assessment.objects.get(patient=patient).episode_id is None
    assert again.state == "referred"
    assert list(Job.objects.filter(kind="refresh_service_month").values_list("key", flat=True)) != []


def test_nobody_is_called_for_a_patient_who_died(refer: Any, by: Any, now: datetime) -> None:
    referral = refer()
    end_referral(by=by, at=now, referral_id=referral.id, outcome="duplicate")
    Patient.objects.update(died_on=MONDAY)
    with pytest.raises(PatientDied):
        refer(patient=referral.patient)


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"referred_on": date(2026, 3, 3)}, DayImpossible, "referred_on"),
        ({"scored_on": date(2026, 3, 3)}, DayImpossible, "scored_on"),
        ({"is_eligible": False}, ReasonNeeded, "eligibility_reason"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    refer: Any, given: dict[str, Any], error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as refused:
        refer(**given)
    assert refused.value.field == field
    assert (Patient.objects.count(), Referral.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"scores": [ScoreGiven("phq9", total=28)]}, ScoreUnusable),
        ({"scores": [ScoreGiven("gad7", total=5)], "scored_on": date(1960, 1, 1)}, DateOutOfOrder),
    ],
)
def test_impossible_scores_leave_nothing(refer: Any, given: dict[str, Any], error: type[DomainError]) -> None:
    with pytest.raises(error):
        refer(**given)
    assert (Patient.objects.count(), Referral.objects.count(), Assessment.objects.count()) == (0, 0, 0)


def test_a_record_number_belongs_to_one_person(refer: Any) -> None:
    refer(patient=NewPerson("Novak", "Iva", date(1970, 1, 1), mrn="00123"))
    with pytest.raises(RecordNumberTaken):
        refer(patient=NewPerson("Other", "Iva", date(1970, 1, 1), mrn="00123"))
    assert Patient.objects.count() == 1


def test_another_organizations_patient_is_nobody(refer: Any, other_organization: Any) -> None:
    from tests.factories.registry import PatientFactory

    with tenant(other_organization):
        foreign = PatientFactory(organization=other_organization)
    with pytest.raises(NotFound):
        refer(patient=foreign)


# Attempts


def test_attempts_move_the_referral_on_and_say_what_is_due(refer: Any, attempt: Any) -> None:
    referral = refer()
    attempt(referral)
    assert stands(referral) == ("contacting", date(2026, 3, 5))
    attempt(referral, "2026-03-05", next_try_on=date(2026, 3, 10))
    assert stands(referral) == ("contacting", date(2026, 3, 10))
    assert last_event() == ("referral.attempted", ["at", "mode", "outcome"])


def test_a_second_submit_of_an_attempt_changes_nothing(refer: Any, attempt: Any, by: Any, now: datetime) -> None:
    referral, token = refer(), uuid4()
    first = attempt(referral, client_token=token)
    kept = record_attempt(
        by=by, at=now, referral_id=referral.id, client_token=token, tried_at=now, mode="phone", outcome="reached"
    )
    assert (kept.attempt, kept.was_new) == (first, False)
    assert ReferralAttempt.objects.count() == 1
    other = refer(patient=NewPerson("Novak", "Iva", date(1970, 1, 1)))
    with pytest.raises(FormReused):
        attempt(other, client_token=token)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tried_at": datetime(2026, 3, 2, 17, 1, tzinfo=UTC)}, "time"),
        ({"tried_at": datetime(2026, 3, 3, 17, 0, tzinfo=UTC)}, "on"),
        # 23:30 on Sunday in Chicago: before the referral, although Monday in UTC.
        ({"tried_at": datetime(2026, 3, 2, 5, 30, tzinfo=UTC)}, "on"),
        ({"next_try_on": date(2026, 3, 1)}, "next_try_on"),
        ({"next_try_on": date(2026, 3, 2) + timedelta(days=181)}, "next_try_on"),
    ],
)
def test_an_attempt_that_cannot_be_is_refused_at_its_field(
    refer: Any, attempt: Any, now: datetime, given: dict[str, Any], field: str
) -> None:
    referral = refer()
    with pytest.raises(DayImpossible) as refused:
        attempt(referral, **{"at": now, **given})
    assert refused.value.field == field
    assert stands(referral) == ("referred", date(2026, 3, 4))


def test_an_attempt_taken_back_counts_no_more(refer: Any, attempt: Any, by: Any, now: datetime) -> None:
    referral = refer()
    made = attempt(referral, outcome="reached")
    with pytest.raises(ReasonMissing):
        void_attempt(by=by, at=now, attempt_id=made.id, reason=" ")
    void_attempt(by=by, at=now, attempt_id=made.id, reason="Another patient")
    assert stands(referral) == ("referred", date(2026, 3, 4))
    assert last_event() == ("referral.attempt_voided", ["void_reason", "voided_at"])
    with pytest.raises(AlreadyVoided):
        void_attempt(by=by, at=now, attempt_id=made.id, reason="Another patient")
    with pytest.raises(NotFound):
        void_attempt(by=by, at=now, attempt_id=uuid4(), reason="Another patient")


# Waiting


def test_who_waits_is_called_in_between(refer: Any, attempt: Any, by: Any, now: datetime) -> None:
    referral = refer()
    attempt(referral, outcome="reached")
    put_on_waiting_list(by=by, at=now, referral_id=referral.id)
    assert stands(referral) == ("waiting", date(2026, 3, 16))
    assert fresh(referral).waiting_from == MONDAY
    attempt(referral, "2026-03-13", outcome="reached")
    assert stands(referral) == ("waiting", date(2026, 3, 27))
    with pytest.raises(AlreadySo):
        put_on_waiting_list(by=by, at=now, referral_id=referral.id)
    take_from_waiting_list(by=by, at=now, referral_id=referral.id)
    assert stands(referral) == ("contacting", date(2026, 3, 18))
    assert fresh(referral).waiting_from is None
    with pytest.raises(AlreadySo):
        take_from_waiting_list(by=by, at=now, referral_id=referral.id)


def test_the_wait_begins_on_the_clinics_day(refer: Any, by: Any) -> None:
    referral = refer()
    late = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
    put_on_waiting_list(by=by, at=late, referral_id=referral.id)
    assert fresh(referral).waiting_from == MONDAY


# Decisions


def test_eligibility_is_decided_and_taken_back(refer: Any, by: Any, now: datetime) -> None:
    referral = refer()
    who = {"by": by, "at": now, "referral_id": referral.id}
    with pytest.raises(ReasonNeeded):
        set_eligibility(**who, is_eligible=False, reason=" ")
    set_eligibility(**who, is_eligible=False, reason="Psychosis: needs specialty care")
    assert fresh(referral).eligibility_reason == "Psychosis: needs specialty care"
    set_eligibility(**who, is_eligible=None)
    assert (fresh(referral).is_eligible, fresh(referral).eligibility_reason) == (None, "")


def test_a_referral_is_given_to_somebody_once(refer: Any, by: Any, now: datetime) -> None:
    referral = refer()
    for _ in range(2):
        assign_referral(by=by, at=now, referral_id=referral.id, to=by)
    assert fresh(referral).assigned_to_id == by.id
    assert AuditEvent.objects.filter(action="referral.assigned").count() == 1
    assign_referral(by=by, at=now, referral_id=referral.id, to=None)
    assert fresh(referral).assigned_to_id is None


# Ends


def test_unreachable_takes_three_days_or_a_reason(refer: Any, attempt: Any, by: Any, now: datetime) -> None:
    referral = refer()
    for on in ("2026-03-02", "2026-03-02", "2026-03-04"):
        attempt(referral, on)
    at = datetime(2026, 3, 9, 17, tzinfo=UTC)
    who = {"by": by, "at": at, "referral_id": referral.id, "outcome": "unreachable"}
    with pytest.raises(EndingIncomplete, match="tried on 2 days in vain"):
        end_referral(**who)
    attempt(referral, "2026-03-06")
    ended = end_referral(**who)
    assert (ended.state, ended.outcome, ended.ended_on, ended.due_on) == (
        "ended", "unreachable", date(2026, 3, 9), None,
    )  # fmt: skip
    assert last_event() == ("referral.ended", ["ended_on", "outcome", "outcome_reason"])


def test_the_second_to_end_it_is_told(refer: Any, by: Any, now: datetime) -> None:
    referral = refer()
    who = {"by": by, "at": now, "referral_id": referral.id}
    end_referral(**who, outcome="declined", reason=" Has a therapist ")
    assert fresh(referral).outcome_reason == "Has a therapist"
    for refused in (
        lambda: end_referral(**who, outcome="ineligible", reason="Under 18"),
        lambda: put_on_waiting_list(**who),
        lambda: take_from_waiting_list(**who),
        lambda: set_eligibility(**who, is_eligible=True),
        lambda: assign_referral(**who, to=by),
    ):
        with pytest.raises(ReferralEnded):
            refused()
    assert fresh(referral).outcome == "declined"


def test_nothing_happens_after_the_end(refer: Any, attempt: Any, by: Any, now: datetime) -> None:
    referral = refer()
    made = attempt(referral)
    end_referral(by=by, at=now, referral_id=referral.id, outcome="duplicate")
    with pytest.raises(ReferralEnded):
        attempt(referral)
    with pytest.raises(ReferralEnded):
        void_attempt(by=by, at=now, attempt_id=made.id, reason="No")


@pytest.mark.parametrize("on", [date(2026, 3, 1), date(2026, 3, 3)])
def test_the_end_lies_between_referral_and_today(refer: Any, by: Any, now: datetime, on: date) -> None:
    with pytest.raises(DayImpossible) as refused:
        end_referral(by=by, at=now, referral_id=refer().id, outcome="duplicate", on=on)
    assert refused.value.field == "on"


def test_enrolment_ends_the_referral_once(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    referral = refer()
    with pytest.raises(EndingIncomplete, match="Enrol the patient"):
        end_referral(by=by, at=now, referral_id=referral.id, outcome="enrolled", reason="yes")
    episode = open_episode(by=by, at=now, patient=referral.patient, clinic=clinic, enrolled_on=MONDAY)
    for _ in range(2):
        ended = close_as_enrolled(by=by, at=now, referral=referral, episode=episode)
    assert (ended.outcome, ended.episode_id, ended.ended_on) == ("enrolled", episode.id, MONDAY)
    assert AuditEvent.objects.filter(action="referral.ended").count() == 1
    with pytest.raises(StayedEnrolled):
        reopen_referral(by=by, at=now, referral_id=referral.id)


def test_an_enrolment_fits_its_referral(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    referral = refer()
    early = open_episode(by=by, at=now, patient=referral.patient, clinic=clinic, enrolled_on=date(2026, 2, 1))
    with pytest.raises(DayImpossible):
        close_as_enrolled(by=by, at=now, referral=referral, episode=early)
    other = refer(patient=NewPerson("Novak", "Iva", date(1970, 1, 1)))
    with pytest.raises(ValueError, match="another patient"):
        close_as_enrolled(by=by, at=now, referral=other, episode=early)
    end_referral(by=by, at=now, referral_id=referral.id, outcome="duplicate")
    with pytest.raises(ReferralEnded):
        close_as_enrolled(by=by, at=now, referral=referral, episode=early)


def test_what_ended_in_error_goes_on_where_it_stood(refer: Any, attempt: Any, by: Any, now: datetime) -> None:
    referral = refer()
    with pytest.raises(ReferralNotEnded):
        reopen_referral(by=by, at=now, referral_id=referral.id)
    attempt(referral)
    put_on_waiting_list(by=by, at=now, referral_id=referral.id)
    end_referral(by=by, at=now, referral_id=referral.id, outcome="declined", reason="No time")
    reopen_referral(by=by, at=now, referral_id=referral.id)
    assert stands(referral) == ("waiting", date(2026, 3, 16))
    assert (fresh(referral).outcome, fresh(referral).outcome_reason, fresh(referral).ended_on) == ("", "", None)
    assert last_event() == ("referral.reopened", ["outcome", "state"])


def test_it_is_not_opened_again_beside_another(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    referral = refer()
    end_referral(by=by, at=now, referral_id=referral.id, outcome="duplicate")
    other = refer(patient=referral.patient)
    with pytest.raises(ReferralOpen):
        reopen_referral(by=by, at=now, referral_id=referral.id)
    end_referral(by=by, at=now, referral_id=other.id, outcome="duplicate")
    open_episode(by=by, at=now, patient=referral.patient, clinic=clinic, enrolled_on=MONDAY)
    with pytest.raises(AlreadyEnrolled):
        reopen_referral(by=by, at=now, referral_id=referral.id)


def test_it_is_opened_again_when_the_enrolment_was_an_error(refer: Any, by: Any, clinic: Any, now: datetime) -> None:
    referral = refer()
    episode = open_episode(by=by, at=now, patient=referral.patient, clinic=clinic, enrolled_on=MONDAY)
    close_as_enrolled(by=by, at=now, referral=referral, episode=episode)
    void_facts([episode], stamp=Stamp(by, at=now), reason="Wrong patient")
    reopened = reopen_referral(by=by, at=now, referral_id=referral.id)
    assert (reopened.state, reopened.episode_id) == ("referred", None)
    assert Episode.objects.live().count() == 0


def test_another_organizations_referral_is_not_there(
    refer: Any, by: Any, now: datetime, other_organization: Any, membership: Any
) -> None:
    referral = refer()
    stranger = membership("care_manager", organization=other_organization)
    with tenant(other_organization):
        who = {"by": stranger, "at": now, "referral_id": referral.id}
        for refused in (
            lambda: end_referral(**who, outcome="duplicate"),
            lambda: put_on_waiting_list(**who),
            lambda: reopen_referral(**who),
            lambda: record_attempt(**who, client_token=uuid4(), tried_at=now, mode="phone", outcome="reached"),
        ):
            with pytest.raises(NotFound):
                refused()
