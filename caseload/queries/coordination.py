"""What was asked of others about a patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.errors import NotFound
from caseload.models import ClinicianRequest, ExternalReferral, RequestChannel
from caseload.rules.coordination import ReferralStep

CHANNELS = tuple((str(value), str(label)) for value, label in RequestChannel.choices)


@dataclass(frozen=True)
class Referred:
    """A referral to other care as it stands. `state` says it in a few words; `is_overdue`: it should be asked now."""

    id: UUID
    to: str
    purpose: str
    sent_on: date
    step: ReferralStep
    closed_on: date | None
    is_overdue: bool

    @property
    def is_open(self) -> bool:
        return self.closed_on is None

    @property
    def state(self) -> str:
        if self.step.seen_on is not None:
            return "Seen"
        if not self.is_open:
            return "Ended without a visit"
        return "Scheduled" if self.step.scheduled_on is not None else "Sent"


@dataclass(frozen=True)
class Requested:
    """A question to the treating clinician as it stands."""

    id: UUID
    clinician: str
    question: str
    channel: str
    asked_on: date
    due_on: date
    answered_on: date | None
    answer: str
    answered_by: str
    closed_because: str
    is_overdue: bool

    @property
    def is_open(self) -> bool:
        return self.answered_on is None and not self.closed_because

    @property
    def state(self) -> str:
        if self.answered_on is not None:
            return "Answered"
        return "Waiting" if self.is_open else "Closed without an answer"


@dataclass(frozen=True)
class Coordination:
    """Open ones first, then the latest."""

    referrals: tuple[Referred, ...]
    requests: tuple[Requested, ...]


def coordination_of(organization_id: UUID, patient_id: UUID, *, today: date) -> Coordination:
    """Everything that was asked of others about a patient, over all enrolments. Two statements."""
    of = {"organization_id": organization_id, "patient_id": patient_id}
    referrals = ExternalReferral.objects.live().filter(**of).order_by("-sent_on", "-id")
    requests = ClinicianRequest.objects.live().filter(**of).select_related("asked_of").order_by("-asked_on", "-id")
    return Coordination(
        referrals=tuple(sorted((_referred(row, today) for row in referrals), key=lambda one: not one.is_open)),
        requests=tuple(sorted((_requested(row, today) for row in requests), key=lambda one: not one.is_open)),
    )


def referral_of(organization_id: UUID, patient_id: UUID, referral_id: UUID, *, today: date) -> Referred:
    """One referral of a patient. Raises NotFound."""
    found = ExternalReferral.objects.live().filter(
        organization_id=organization_id, patient_id=patient_id, id=referral_id
    )
    row: ExternalReferral | None = found.first()
    if row is None:
        raise NotFound
    return _referred(row, today)


def request_of(organization_id: UUID, patient_id: UUID, request_id: UUID, *, today: date) -> Requested:
    """One request about a patient. Raises NotFound."""
    found = ClinicianRequest.objects.live().filter(
        organization_id=organization_id, patient_id=patient_id, id=request_id
    )
    row: ClinicianRequest | None = found.select_related("asked_of").first()
    if row is None:
        raise NotFound
    return _requested(row, today)


def _referred(row: ExternalReferral, today: date) -> Referred:
    step = ReferralStep(row.scheduled_on, row.seen_on, row.seen_confirmed_by, row.check_on, row.closed_because)
    is_overdue = row.closed_on is None and row.check_on is not None and row.check_on <= today
    return Referred(row.id, row.to, row.purpose, row.sent_on, step, row.closed_on, is_overdue)


def _requested(row: ClinicianRequest, today: date) -> Requested:
    is_open = row.answered_on is None and not row.closed_because
    return Requested(
        id=row.id,
        clinician=str(row.asked_of),
        question=row.question,
        channel=row.get_channel_display(),
        asked_on=row.asked_on,
        due_on=row.due_on,
        answered_on=row.answered_on,
        answer=row.answer,
        answered_by=row.get_answer_by_display() if row.answer_by else "",
        closed_because=row.closed_because,
        is_overdue=is_open and row.due_on <= today,
    )
