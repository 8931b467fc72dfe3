"""The loop of a recommendation, step by step, with who and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from caseload.models import Recommendation, TreatmentChange
from caseload.operations.advice import (
    AdviceMoved,
    Answered,
    DayImpossible,
    NoClinician,
    NotYours,
    Said,
    WordsMissing,
    carry_out,
    close_advice,
    decide_advice,
    record_decision,
    send_advice,
    tell_patient,
    void_step,
)
from caseload.operations.notes import void_contact
from caseload.queries.advice import (
    advice_of,
    advice_to_tell,
    advice_waiting,
    limits_of,
    one_advice,
    open_advice,
    steps_of,
)
from registry.operations.errors import ReasonMissing
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.registry import EpisodeFactory, TreatingClinicianFactory
from tests.factories.reviews import ReviewProtocolFactory

TODAY, SIGNED = date(2026, 3, 2), date(2026, 2, 26)


@pytest.fixture
def clinician(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    seat = membership("treating_clinician", name="Ana Rivera", credential="MD")
    return TreatingClinicianFactory(organization=seat.organization, name="Ana Rivera", membership=seat)


@pytest.fixture
def propose(enrolled: Callable[..., Any], clinician: Any) -> Callable[..., Any]:
    """`propose("medication")`: a signed recommendation for a patient of Dr. Rivera."""

    def make(kind: str = "medication", *, review: Any = None, number: int = 1, **fields: Any) -> Any:
        if review is None:
            episode = fields.pop("episode", None) or enrolled(treating_clinician=clinician)
            review = CaseReviewFactory(
                organization=episode.organization, episode=episode, patient=episode.patient, on=SIGNED
            )
        state = {"state": "proposed", "state_on": SIGNED, "due_on": date(2026, 2, 27)}
        text = {"text": "Increase sertraline", "dose": "100 mg in the morning"}
        values = {**state, **text, **fields, "kind": kind, "number": number}
        return RecommendationFactory(organization=review.organization, review=review, **values)

    return make


def standing(row: Any) -> tuple[str, date | None, date | None]:
    row.refresh_from_db()
    return row.state, row.state_on, row.due_on


def states(row: Any) -> list[str]:
    return [step.state for step in steps_of(row)]


def send(row: Any, by: Any, at: datetime, *, channel: str = "ehr", token: UUID | None = None) -> Any:
    return send_advice(by=by, at=at, recommendation_id=row.id, channel=channel, client_token=token or uuid4())


def answer(row: Any, by: Any, at: datetime, decision: str = "accepted", text: str = "", **more: Any) -> Any:
    said = Said(text, more.pop("channel", "ehr"), more.pop("is_verbal", False))
    more.setdefault("client_token", uuid4())
    if "answered_at" in more:
        more["answered"] = Answered(at=more.pop("answered_at"))
    return record_decision(by=by, at=at, recommendation_id=row.id, decision=decision, said=said, **more)


def test_the_whole_loop_is_on_record_with_who_and_when(
    propose: Callable[..., Any], clinician: Any, by: Any, now: datetime
) -> None:
    row = propose()
    send(row, by, now)
    assert standing(row) == ("sent", TODAY, date(2026, 3, 2))
    decide_advice(
        by=clinician.membership, at=now, recommendation_id=row.id, decision="modified", text="75 mg first",
        client_token=uuid4(),
    )  # fmt: skip
    assert standing(row) == ("modified", TODAY, date(2026, 3, 5))
    known = {"by": by, "at": now, "recommendation_id": row.id}
    carry_out(**known, done_on=TODAY, text="Sertraline 50 to 75 mg", client_token=uuid4())
    contact = ContactFactory(organization=by.organization, episode=row.review.episode)
    told = {"told_on": TODAY, "contact": contact, "client_token": uuid4()}
    tell_patient(by=by, at=now, recommendation_ids=[row.id], **told)
    tell_patient(by=by, at=now, recommendation_ids=[row.id], **told)
    assert standing(row) == ("closed", TODAY, None)
    (review,) = advice_of(by.organization_id, row.review.patient_id, today=TODAY)
    (shown,) = review.advice
    assert [(step.label, step.on, step.by, step.clinician, step.channel, step.text) for step in shown.steps] == [
        ("Sent", TODAY, "Ken Abara, RN", "", "EHR message", ""),
        ("Accepted with changes", TODAY, "Ana Rivera, MD", "Ana Rivera, MD", "Inbox here", "75 mg first"),
        ("Carried out", TODAY, "Ken Abara, RN", "", "", "Sertraline 50 to 75 mg"),
        ("Patient told", TODAY, "Ken Abara, RN", "", "", ""),
        ("Closed", TODAY, "Ken Abara, RN", "", "", ""),
    ]
    assert (shown.became, shown.ask, shown.is_open, review.is_open) == ("Patient told", "Increase sertraline", False, 0)
    change = TreatmentChange.objects.get()
    assert (change.on, change.of, change.text, change.from_recommendation_id) == (
        TODAY, "medication", "Sertraline 50 to 75 mg", row.id,
    )  # fmt: skip
    done = AuditEvent.objects.filter(action__startswith="advice.").order_by("id")
    assert sorted(done.values_list("action", "object_id", "patient_id")) == [
        (f"advice.{what}", row.id, row.review.patient_id) for what in ("carried_out", "decided", "patient_told", "sent")
    ]


def test_a_form_sent_twice_changes_nothing(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row, token = propose("psychosocial"), uuid4()
    known = {"by": by, "at": now, "recommendation_id": row.id}
    for _ in range(2):
        send(row, by, now, token=token)
    second = uuid4()
    for _ in range(2):
        answer(row, by, now, "declined", "Not now", client_token=second)
    third = uuid4()
    for _ in range(2):
        close_advice(**known, reason="Discussed", client_token=third)
    assert states(row) == ["sent", "declined", "closed"]
    other, fourth = propose("psychosocial"), uuid4()
    for _ in range(2):
        carry_out(by=by, at=now, recommendation_id=other.id, done_on=TODAY, client_token=fourth)
    assert states(other) == ["carried_out"]
    assert TreatmentChange.objects.get().text == "Increase sertraline: 100 mg in the morning"


def test_an_answer_before_its_sending_records_both(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row, said_at = propose(), now - timedelta(days=3)
    answer(row, by, now, channel="in_person", is_verbal=True, answered_at=said_at)
    found = [(s.state, s.at, s.on, s.channel, s.is_verbal, s.recorded_at) for s in steps_of(row)]
    assert found == [
        ("sent", said_at, date(2026, 2, 27), "in_person", False, now),
        ("accepted", said_at, date(2026, 2, 27), "in_person", True, now),
    ]
    assert standing(row) == ("accepted", date(2026, 2, 27), date(2026, 3, 5))


def test_an_answer_may_say_that_it_is_done(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row, token = propose(), uuid4()
    for _ in range(2):
        answered = Answered(on=date(2026, 2, 27))
        answer(row, by, now, "modified", "75 mg", answered=answered, is_done=True, client_token=token)
    assert [(step.state, step.at, step.on) for step in steps_of(row)] == [
        (state, now, date(2026, 2, 27)) for state in ("sent", "modified", "carried_out")
    ]
    change = TreatmentChange.objects.get()
    assert (change.on, change.text) == (date(2026, 2, 27), "75 mg")


def test_what_the_order_does_not_allow_is_refused(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row = propose()
    known = {"by": by, "at": now, "recommendation_id": row.id}
    with pytest.raises(AdviceMoved):
        carry_out(**known, done_on=TODAY, client_token=uuid4())
    with pytest.raises(AdviceMoved):
        tell_patient(by=by, at=now, recommendation_ids=[row.id], told_on=TODAY, client_token=uuid4())
    with pytest.raises(AdviceMoved):
        answer(row, by, now, "told")
    with pytest.raises(WordsMissing):
        answer(row, by, now, "declined", " ")
    with pytest.raises(WordsMissing):
        close_advice(**known, reason=" ", client_token=uuid4())
    with pytest.raises(DayImpossible):
        answer(row, by, now, answered_at=now + timedelta(minutes=1))
    with pytest.raises(DayImpossible):
        answer(row, by, now, answered_at=now - timedelta(days=30))
    send(row, by, now)
    with pytest.raises(AdviceMoved):
        send(row, by, now)
    with pytest.raises(DayImpossible):
        answer(row, by, now, answered_at=now - timedelta(days=1))
    answer(row, by, now)
    with pytest.raises(DayImpossible):
        carry_out(**known, done_on=TODAY + timedelta(days=1), client_token=uuid4())
    assert states(row) == ["sent", "accepted"]


def test_somebody_has_to_be_the_treating_clinician(
    propose: Callable[..., Any], enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    row = propose(episode=enrolled())
    for act in (send, answer):
        with pytest.raises(NoClinician):
            act(row, by, now)
    with pytest.raises(NotYours):
        decide_advice(by=by, at=now, recommendation_id=row.id, decision="accepted", client_token=uuid4())


def test_a_clinician_decides_only_for_their_own_patients(
    propose: Callable[..., Any], membership: Callable[..., Any], by: Any, now: datetime
) -> None:
    row, other = propose(), membership("treating_clinician", name="Someone Else")
    for seat in (by, other):
        with pytest.raises(NotYours):
            decide_advice(by=seat, at=now, recommendation_id=row.id, decision="accepted", client_token=uuid4())
    assert states(row) == []


def test_a_laboratory_test_is_no_change_of_treatment(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row = propose(act="lab")
    answer(row, by, now)
    carry_out(by=by, at=now, recommendation_id=row.id, done_on=TODAY, client_token=uuid4())
    long = propose("psychosocial", text="x" * 400)
    carry_out(by=by, at=now, recommendation_id=long.id, done_on=TODAY, client_token=uuid4())
    assert TreatmentChange.objects.get().text == "x" * 299 + "…"


def test_a_step_is_taken_back_and_the_one_before_it_holds(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row = propose("psychosocial")
    carry_out(by=by, at=now, recommendation_id=row.id, done_on=TODAY, client_token=uuid4())
    tell_patient(by=by, at=now, recommendation_ids=[row.id], told_on=TODAY, client_token=uuid4())
    done, told, _ = steps_of(row)
    known = {"by": by, "at": now, "reason": "Wrong patient"}
    with pytest.raises(AdviceMoved):
        void_step(**known, step_id=done.id)
    with pytest.raises(ReasonMissing):
        void_step(**{**known, "reason": ""}, step_id=told.id)
    void_step(**known, step_id=told.id)
    assert standing(row) == ("carried_out", TODAY, date(2026, 3, 12))
    void_step(**known, step_id=done.id)
    assert standing(row) == ("proposed", SIGNED, date(2026, 3, 5))
    assert TreatmentChange.objects.get().void_reason == "Wrong patient"
    with pytest.raises(NotFound):
        void_step(**known, step_id=done.id)
    carry_out(by=by, at=now, recommendation_id=row.id, done_on=TODAY, client_token=uuid4())
    assert states(row) == ["carried_out"]


def test_what_waits_for_the_next_review(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    late, declined, fresh = propose(), propose(), propose(due_on=TODAY)
    answer(declined, by, now, "declined", "Pregnant")
    waiting = advice_waiting(by.organization_id, today=TODAY)
    assert {key: [one.id for one in some] for key, some in waiting.items()} == {
        late.review.episode_id: [late.id],
        declined.review.episode_id: [declined.id],
    }
    only = advice_waiting(by.organization_id, today=TODAY, episode_ids=[declined.review.episode_id])
    (shown,) = only[declined.review.episode_id]
    assert shown.answer is not None
    assert (shown.answer.text, shown.became, shown.is_overdue) == ("Pregnant", "Declined", False)
    (overdue,) = open_advice(by.organization_id, late.review.episode_id, today=TODAY)
    assert (overdue.is_overdue, overdue.may_send, overdue.may_decide) == (True, True, True)
    assert (overdue.may_carry_out, overdue.may_tell, overdue.goes_ahead) == (False, False, False)
    close_advice(by=by, at=now, recommendation_id=declined.id, reason="Discussed", client_token=uuid4())
    close_advice(by=by, at=now, recommendation_id=fresh.id, reason="Overtaken", client_token=uuid4())
    became = [one_advice(by.organization_id, row.id, today=TODAY) for row in (declined, fresh)]
    assert [one.became for one in became if one] == ["Declined", "Closed"]
    assert one_advice(by.organization_id, uuid4(), today=TODAY) is None


def test_what_the_contact_note_offers_to_tell(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row = propose("psychosocial", text="", dose="")
    carry_out(by=by, at=now, recommendation_id=row.id, done_on=TODAY, client_token=uuid4())
    assert advice_to_tell(by.organization_id, row.review.episode_id) == [(row.id, "Psychosocial")]
    changed = propose()
    answer(changed, by, now, "modified", "75 mg first", is_done=True)
    words = "Increase sertraline, 100 mg in the morning (changed by the clinician: 75 mg first)"
    assert advice_to_tell(by.organization_id, changed.review.episode_id) == [(changed.id, words)]
    elsewhere = ContactFactory(organization=by.organization, episode=EpisodeFactory(organization=by.organization))
    with pytest.raises(NotFound):
        tell_patient(by=by, at=now, recommendation_ids=[row.id], told_on=TODAY, contact=elsewhere, client_token=uuid4())


def test_a_clinic_sets_its_deadlines(propose: Callable[..., Any], by: Any, now: datetime) -> None:
    row = propose()
    clinic = row.review.episode.clinic
    ReviewProtocolFactory(
        organization=by.organization, clinic=clinic, medication_decision_days=5, medication_told_days=9
    )
    limits = limits_of(by.organization_id, clinic.id)
    assert (limits.medication_decision, limits.medication_told, limits.other_decision) == (5, 9, 7)
    send(row, by, now)
    assert standing(row) == ("sent", TODAY, date(2026, 3, 5))


def test_another_organization_finds_nothing(
    propose: Callable[..., Any], other_organization: Any, membership: Callable[..., Any], now: datetime
) -> None:
    row = propose()
    with tenant(other_organization):
        theirs = membership("care_manager", organization=other_organization)
        with pytest.raises(NotFound):
            send(row, theirs, now)
        with pytest.raises(NotFound):
            void_step(by=theirs, at=now, step_id=uuid4(), reason="x")
    assert Recommendation.objects.get().state == "proposed"


def test_what_a_note_told_the_patient_is_to_be_told_again_when_the_note_is_taken_back(
    propose: Callable[..., Any], by: Any, now: datetime
):
    row = propose("psychosocial")
    other = propose("psychosocial", review=row.review, number=2)
    contact = ContactFactory(organization=row.organization, episode=row.review.episode, on=TODAY, by=by)
    for one in (row, other):
        carry_out(by=by, at=now, recommendation_id=one.id, done_on=TODAY, client_token=uuid4())
    tell_patient(by=by, at=now, recommendation_ids=[row.id], told_on=TODAY, contact=contact, client_token=uuid4())
    tell_patient(by=by, at=now, recommendation_ids=[other.id], told_on=TODAY, client_token=uuid4())
    void_contact(by=by, at=now, contact_id=contact.id, reason="Another patient")
    assert (states(row), states(other)) == (["carried_out"], ["carried_out", "told", "closed"])
    row.refresh_from_db()
    assert (row.state, row.state_on) == ("carried_out", TODAY)
