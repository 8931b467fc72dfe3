"""Safety notices: raised when an answer means danger, told from person to person, taken on and closed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import email_of, people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership, Organization
from registry.models import Assessment, NoticeCause, Patient, SafetyNotice, SafetyStep, SelfReport, StepKind
from registry.operations.messages import call_to_safety_list
from registry.operations.recording import Stamp
from registry.operations.risk_opening import heed_notice
from registry.operations.self_report_errors import ClosingNoteMissing, NoticeClosed, NoticeTaken
from registry.queries.duty import duty_at, leads_of, reachable
from registry.queries.protocols import protocol_of
from registry.rules.duty import Round, next_round_at, rounds_to_do

TELL, MAIL = "tell_of_danger", "mail_safety_notice"


@transaction.atomic
def raise_notice(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    clinic_id: UUID,
    cause: str = NoticeCause.ITEM_9,
    assessment: Assessment | None = None,
    self_report: SelfReport | None = None,
) -> SafetyNotice:
    """Call for somebody. One link raises one notice: a second call for it returns the first.

    It belongs to the person's risk case, which is opened with it. Whom it goes to is worked out by a job, so that it
    goes on however this request ends.
    """
    made = {
        "patient": patient,
        "clinic_id": clinic_id,
        "cause": cause,
        "assessment": assessment,
        "raised_at": at,
    }
    if self_report is None:
        notice, is_new = SafetyNotice.objects.create(organization_id=by.organization_id, **made), True
    else:
        notice, is_new = SafetyNotice.objects.get_or_create(
            organization_id=by.organization_id, self_report=self_report, defaults=made
        )
    if is_new:
        record("safety_notice.raised", by=by, at=at, patient_id=patient.id, object_id=notice.id)
        heed_notice(notice, stamp=Stamp(by, at))
        queue(TELL, organization_id=notice.organization_id, key=str(notice.id), at=at, arguments=_about(notice))
    return notice


@transaction.atomic
def tell_of_notice(*, organization_id: UUID, notice_id: UUID, at: datetime) -> tuple[Round, ...]:
    """Carry out the rounds that are due at `at` and were not yet, and queue the next. Returns those rounds.

    Running it twice or late does no harm: each person is told once in a round, rounds that were missed are made up
    for, and a notice that somebody took on is left alone. Raises NotFound.
    """
    notice = _locked(notice_id, organization_id)
    if notice.acknowledged_at is not None or notice.closed_at is not None:
        return ()
    steps = list(SafetyStep.objects.filter(notice=notice))
    done = max((step.round for step in steps), default=0)
    able = reachable(people_of(organization_id))
    rounds = rounds_to_do(
        raised_at=notice.raised_at,
        at=at,
        done=done,
        duty=duty_at(notice.clinic_id, protocol_of(notice.clinic_id).zone, at, able),
        told=[step.member_id for step in steps if step.member_id],
        leads=leads_of(able),
    )
    for one in rounds:
        _record_round(notice, one, at=at)
    due = next_round_at(notice.raised_at, rounds[-1].number if rounds else done)
    if due is not None:
        queue(TELL, organization_id=organization_id, key=str(notice.id), at=at, arguments=_about(notice), run_after=due)
    return rounds


def mail_safety_step(*, organization_id: UUID, step_id: UUID) -> None:
    """Send the call that a step records. Somebody who left meanwhile gets none."""
    step = SafetyStep.objects.filter(organization_id=organization_id, id=step_id).first()
    to = email_of(organization_id, step.member_id) if step and step.member_id else ""
    if to:
        organization = Organization.objects.get(id=organization_id)
        call_to_safety_list(to=to, organization_slug=organization.slug)


@transaction.atomic
def acknowledge_notice(*, by: Membership, at: datetime, notice_id: UUID) -> SafetyNotice:
    """Take a notice on: nobody else is called any more. Doing it twice changes nothing.

    Raises NoticeTaken when somebody else was faster, NoticeClosed, NotFound.
    """
    notice = _locked(notice_id, by.organization_id)
    if notice.closed_at is not None:
        raise NoticeClosed
    if notice.acknowledged_at is not None:
        if notice.acknowledged_by_id != by.id:
            raise NoticeTaken
        return notice
    _take_on(notice, by=by, at=at)
    return notice


@transaction.atomic
def close_notice(*, by: Membership, at: datetime, notice_id: UUID, note: str) -> SafetyNotice:
    """Say what was found and done. Anybody may close it who may take it on; who had not, takes it on with this.

    Raises ClosingNoteMissing, NoticeClosed, NotFound.
    """
    notice = _locked(notice_id, by.organization_id)
    if notice.closed_at is not None:
        raise NoticeClosed
    if not note.strip():
        raise ClosingNoteMissing
    if notice.acknowledged_at is None:
        _take_on(notice, by=by, at=at)
    notice.closed_at, notice.closed_by, notice.closing_note = at, by, note.strip()
    notice.save(update_fields=["closed_at", "closed_by", "closing_note"])
    _step(notice, StepKind.CLOSED, at=at, member_id=by.id)
    record("safety_notice.closed", by=by, at=at, patient_id=notice.patient_id, object_id=notice.id)
    return notice


def _take_on(notice: SafetyNotice, *, by: Membership, at: datetime) -> None:
    notice.acknowledged_at, notice.acknowledged_by = at, by
    notice.save(update_fields=["acknowledged_at", "acknowledged_by"])
    _step(notice, StepKind.ACKNOWLEDGED, at=at, member_id=by.id)
    record("safety_notice.acknowledged", by=by, at=at, patient_id=notice.patient_id, object_id=notice.id)


def _record_round(notice: SafetyNotice, one: Round, *, at: datetime) -> None:
    if not one.members:
        _step(notice, StepKind.NOBODY, at=at, number=one.number)
    for member_id in one.members:
        step = _step(notice, StepKind.TOLD, at=at, number=one.number, member_id=member_id)
        arguments = {"step_id": step.id}
        queue(MAIL, organization_id=notice.organization_id, key=str(step.id), at=at, arguments=arguments)


def _step(
    notice: SafetyNotice, kind: StepKind, *, at: datetime, number: int = 0, member_id: UUID | None = None
) -> SafetyStep:
    return SafetyStep.objects.create(
        organization_id=notice.organization_id, notice=notice, at=at, kind=kind, round=number, member_id=member_id
    )


def _locked(notice_id: UUID, organization_id: UUID) -> SafetyNotice:
    """One at a time: rounds, taking on and closing wait for each other."""
    found = SafetyNotice.objects.select_for_update(no_key=True).filter(organization_id=organization_id, id=notice_id)
    notice: SafetyNotice | None = found.first()
    if notice is None:
        raise NotFound
    return notice


def _about(notice: SafetyNotice) -> dict[str, UUID]:
    return {"notice_id": notice.id}
