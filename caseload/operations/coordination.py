"""Other care that patients are sent to, and what their clinician is asked: each followed to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.models import ClinicianRequest, ExternalReferral
from caseload.operations.errors import PatientDischarged
from caseload.rules.clock import local_date
from caseload.rules.coordination import Fault, ReferralStep, faults_of_answer, faults_of_referral, faults_of_request
from registry.models import Episode, TreatingClinician
from registry.operations.disclosures import disclose
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.rules.part_two import Use

Asked = TypeVar("Asked", ExternalReferral, ClinicianRequest)


class CoordinationRefused(DomainError):
    """What the rules refuse, each with its field."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(fault.sentence for fault in faults))
        self.faults = tuple(faults)


class CoordinationMoved(DomainError):
    """Somebody recorded something about it after it was shown."""

    def __init__(self) -> None:
        super().__init__("Somebody recorded something about this meanwhile. Look at it below, then save yours again.")


class AlreadyEnded(DomainError):
    """It was seen, answered or closed before."""

    def __init__(self) -> None:
        super().__init__("This has ended already. Nothing was changed.")


@transaction.atomic
def send_referral(
    *, by: Membership, at: datetime, episode_id: UUID, to: str, purpose: str, sent_on: date, check_on: date | None,
    client_token: UUID,
) -> ExternalReferral:  # fmt: skip
    """The patient was sent to other care, and it will be asked on `check_on` whether they were seen.

    A second submit returns the first. Kept as a disclosure for treatment.
    Raises CoordinationRefused, PatientDischarged, FormReused, PartTwoRefused, NotFound.
    """
    episode = _episode(episode_id, by)
    known = _sent_before(ExternalReferral, episode, client_token)
    if known is not None:
        return known
    if episode.ended_on is not None:
        raise PatientDischarged
    _refuse(faults_of_referral(ReferralStep(check_on=check_on), sent_on=sent_on, today=_today(episode, at)))
    says = {"to": to.strip(), "purpose": purpose.strip(), "sent_on": sent_on, "check_on": check_on}
    of = {"patient_id": episode.patient_id, "episode": episode, "client_token": client_token}
    made = stamped(ExternalReferral, Stamp(by, at), **of, **says)
    disclose(
        by=by,
        at=at,
        patient_id=episode.patient_id,
        on=sent_on,
        use=Use.TREATMENT,
        recipient=made.to,
        what="Referral to other care",
        object_id=made.id,
    )
    record_facts([made])
    _tell("external_referral.sent", made, by=by, at=at, fields=sorted(says))
    return made


@transaction.atomic
def follow_referral(
    *, by: Membership, at: datetime, referral_id: UUID, step: ReferralStep, seen: ReferralStep
) -> ExternalReferral:
    """What is known of a referral now; `seen` is what was known when the person looked. It ends when the patient was
    seen there, or with the reason why not. Raises CoordinationRefused, CoordinationMoved, AlreadyEnded, NotFound.
    """
    found = _locked(ExternalReferral, referral_id, by)
    present, today = _step_of(found), _today(found.episode, at)
    faults = faults_of_referral(step, sent_on=found.sent_on, today=today)
    if present == step and (found.closed_on is not None or not faults):
        return found
    if found.closed_on is not None:
        raise AlreadyEnded
    if present != seen:
        raise CoordinationMoved
    _refuse(faults)
    names = [name for name in ReferralStep.__dataclass_fields__ if getattr(step, name) != getattr(present, name)]
    for name in names:
        setattr(found, name, getattr(step, name))
    found.closed_on = today if step.is_end else None
    found.save(update_fields=[*names, "closed_on"])
    _tell("external_referral.followed", found, by=by, at=at, fields=names)
    return found


@transaction.atomic
def ask_clinician(
    *, by: Membership, at: datetime, episode_id: UUID, asked_of: TreatingClinician, question: str, channel: str,
    asked_on: date, due_on: date, client_token: UUID,
) -> ClinicianRequest:  # fmt: skip
    """Something is asked of the treating clinician, and an answer is due. Kept as a disclosure for treatment.

    A second submit returns the first. Raises CoordinationRefused, PatientDischarged, FormReused, PartTwoRefused,
    NotFound.
    """
    episode = _episode(episode_id, by)
    known = _sent_before(ClinicianRequest, episode, client_token)
    if known is not None:
        return known
    if episode.ended_on is not None:
        raise PatientDischarged
    _refuse(faults_of_request(asked_on=asked_on, due_on=due_on, today=_today(episode, at)))
    says = {"asked_of": asked_of, "question": question.strip(), "channel": channel}
    days = {"asked_on": asked_on, "due_on": due_on}
    of = {"patient_id": episode.patient_id, "episode": episode, "client_token": client_token}
    made = stamped(ClinicianRequest, Stamp(by, at), **of, **says, **days)
    disclose(
        by=by,
        at=at,
        patient_id=episode.patient_id,
        on=asked_on,
        use=Use.TREATMENT,
        recipient=str(asked_of),
        what="Question to the treating clinician",
        object_id=made.id,
    )
    record_facts([made])
    _tell("clinician_request.made", made, by=by, at=at, fields=sorted({**says, **days}))
    return made


@transaction.atomic
def answer_request(
    *, by: Membership, at: datetime, request_id: UUID, answer: str, answered_on: date, answer_by: str
) -> ClinicianRequest:
    """What the clinician said, and how. Raises CoordinationRefused, AlreadyEnded, NotFound."""
    found = _locked(ClinicianRequest, request_id, by)
    says = {"answer": answer.strip(), "answered_on": answered_on, "answer_by": answer_by}
    if all(getattr(found, name) == value for name, value in says.items()):
        return found
    _refuse_ended(found)
    _refuse(faults_of_answer(answered_on=answered_on, asked_on=found.asked_on, today=_today(found.episode, at)))
    for name, value in says.items():
        setattr(found, name, value)
    found.save(update_fields=list(says))
    _tell("clinician_request.answered", found, by=by, at=at, fields=sorted(says))
    return found


@transaction.atomic
def close_request(*, by: Membership, at: datetime, request_id: UUID, because: str) -> ClinicianRequest:
    """It needs no answer any more. Raises AlreadyEnded, NotFound."""
    found = _locked(ClinicianRequest, request_id, by)
    if found.closed_because == because.strip():
        return found
    _refuse_ended(found)
    found.closed_because = because.strip()
    found.save(update_fields=["closed_because"])
    _tell("clinician_request.closed", found, by=by, at=at, fields=["closed_because"])
    return found


@transaction.atomic
def void_referral(*, by: Membership, at: datetime, referral_id: UUID, reason: str) -> None:
    """It was recorded in error. Raises ReasonMissing, NotFound."""
    found = _locked(ExternalReferral, referral_id, by)
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    _tell("external_referral.voided", found, by=by, at=at, fields=["void_reason"])


@transaction.atomic
def void_request(*, by: Membership, at: datetime, request_id: UUID, reason: str) -> None:
    """It was recorded in error. Raises ReasonMissing, NotFound."""
    found = _locked(ClinicianRequest, request_id, by)
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    _tell("clinician_request.voided", found, by=by, at=at, fields=["void_reason"])


def _episode(episode_id: UUID, by: Membership) -> Episode:
    """Locked, so that of a form that is sent twice at once the second finds the first."""
    found = Episode.objects.live().filter(organization_id=by.organization_id, id=episode_id)
    episode: Episode | None = found.select_for_update(of=("self",), no_key=True).select_related("clinic").first()
    if episode is None:
        raise NotFound
    return episode


def _sent_before(kind: type[Asked], episode: Episode, token: UUID) -> Asked | None:
    known: Asked | None = kind.objects.filter(organization_id=episode.organization_id, client_token=token).first()
    if known is not None and known.episode_id != episode.id:
        raise FormReused
    return known


def _locked(kind: type[Asked], object_id: UUID, by: Membership) -> Asked:
    live = kind.objects.live().filter(organization_id=by.organization_id, id=object_id)
    found: Asked | None = live.select_for_update(of=("self",)).select_related("episode__clinic").first()
    if found is None:
        raise NotFound
    return found


def _step_of(found: ExternalReferral) -> ReferralStep:
    return ReferralStep(**{name: getattr(found, name) for name in ReferralStep.__dataclass_fields__})


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise CoordinationRefused(faults)


def _refuse_ended(found: ClinicianRequest) -> None:
    if found.answered_on is not None or found.closed_because:
        raise AlreadyEnded


def _today(episode: Episode, at: datetime) -> date:
    return local_date(at, ZoneInfo(episode.clinic.time_zone))


def _tell(action: str, found: Asked, *, by: Membership, at: datetime, fields: list[str]) -> None:
    record(action, by=by, at=at, patient_id=found.patient_id, object_id=found.id, fields=fields)
