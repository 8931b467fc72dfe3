"""Asking patients three questions about the program, and keeping what they answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.mail import send_mail
from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from caseload.rules.clock import local_date
from outcomes.models import ExperienceAsked
from outcomes.queries.experience import is_link_open, last_asked, link_address, patients_due, secret_of
from outcomes.rules.asking import LINK_DAYS, LONGEST_REMARK, WORDS, language_of, message
from registry.models import Episode, Patient
from registry.operations.recording import Stamp, record_facts, stamped
from registry.queries.protocols import protocol_of
from registry.rules.links import secret_sha256

SEND: Final = "send_experience_link"
ASK_DUE: Final = "ask_experience_due"
EMAIL: Final = "email"
COPIED: Final = "copied"


class ExperienceRefused(DomainError):
    """A patient who cannot be asked now; the sentence says why."""


class LinkClosed(DomainError):
    """A link that was answered, expired or taken back."""

    def __init__(self) -> None:
        super().__init__("This link is not open any more.")


class AnswerUnusable(DomainError):
    """Not three answers from 1 to 5, or a remark that is too long."""


@transaction.atomic
def ask_experience(
    *, by: Membership, at: datetime, patient_id: UUID, language: str, sent_by: str, client_token: UUID
) -> ExperienceAsked:
    """Make a link, good for fourteen days and one answer, and send it where it goes by e-mail.

    Nobody is asked twice within ninety days. A second submit gives the first link. Raises ExperienceRefused, NotFound.
    """
    patient = _locked(patient_id, by.organization_id)
    same: ExperienceAsked | None = ExperienceAsked.objects.filter(client_token=client_token, patient=patient).first()
    if same is not None:
        return same
    episode = _episode(patient)
    _refuse(patient, episode, sent_by, language, at)
    asked_id = uuid7()
    asked: ExperienceAsked = stamped(
        ExperienceAsked,
        Stamp(by, at),
        id=asked_id,
        patient=patient,
        episode=episode,
        language=language,
        sent_by=sent_by,
        token_sha256=secret_sha256(secret_of(asked_id), is_short=False),
        expires_at=at + timedelta(days=LINK_DAYS),
        client_token=client_token,
    )
    record_facts([asked])
    record("experience.asked", by=by, at=at, patient_id=patient.id, object_id=asked.id)
    if sent_by == EMAIL:
        arguments = {"asked_id": str(asked.id)}
        queue(SEND, organization_id=by.organization_id, key=str(asked.id), at=at, arguments=arguments)
    return asked


def deliver_experience_link(*, organization_id: UUID, asked_id: UUID, at: datetime) -> None:
    """Send the e-mail with the link. Nothing goes out for a link that is over, or where the consent to e-mail is."""
    asked = ExperienceAsked.objects.select_related("patient").get(organization_id=organization_id, id=asked_id)
    patient = asked.patient
    if not is_link_open(asked, at) or not patient.email or not patient.may_email:
        return
    until = local_date(asked.expires_at, protocol_of(patient.clinic_id).zone)
    words = message(asked.language, link=link_address(asked), until=until)
    send_mail(WORDS[asked.language].subject, words, None, [patient.email])


@transaction.atomic
def ask_due_later(*, by: Membership, at: datetime) -> UUID:
    """Have everybody asked by e-mail who is due. Pressed twice it is one job. Returns it.

    Each seat has its own: it asks the patients whom this seat sees.
    """
    job_id = queue(ASK_DUE, organization_id=by.organization_id, key=f"due {by.id}", at=at, owner=by)
    record("experience.due_asked", by=by, at=at, object_id=job_id)
    return job_id


def ask_due(*, by: Membership, at: datetime, on: date) -> int:
    """Ask everybody who is due, by e-mail in their language. Returns how many were; never anybody twice."""
    return sum(_ask_one(patient_id, by=by, at=at) for patient_id in patients_due(by.organization_id, at=at, on=on))


def _ask_one(patient_id: UUID, *, by: Membership, at: datetime) -> bool:
    """Not whom somebody else has asked, or cannot be asked any more, since the list was made."""
    try:
        with transaction.atomic():
            language = language_of(_locked(patient_id, by.organization_id).language)
            ask_experience(by=by, at=at, patient_id=patient_id, language=language, sent_by=EMAIL, client_token=uuid7())
    except (ExperienceRefused, NotFound):
        return False
    return True


@transaction.atomic
def answer_experience(
    *, by: Membership, at: datetime, asked_id: UUID, reached: int, heard: int, recommend: int, remark: str
) -> None:
    """Keep the three answers and the remark, once. Raises LinkClosed, AnswerUnusable."""
    asked = (
        ExperienceAsked.objects.select_for_update(of=("self",))
        .select_related("patient")
        .get(organization_id=by.organization_id, id=asked_id)
    )
    if not is_link_open(asked, at):
        raise LinkClosed
    if not all(1 <= one <= len(WORDS["en"].answers) for one in (reached, heard, recommend)):
        raise AnswerUnusable("Each answer is one of five.")
    if len(remark) > LONGEST_REMARK:
        raise AnswerUnusable(f"A remark has at most {LONGEST_REMARK:,} letters.")
    asked.reached, asked.heard, asked.recommend, asked.remark = reached, heard, recommend, remark
    asked.answered_at = at
    asked.answered_on = local_date(at, protocol_of(asked.patient.clinic_id).zone)
    asked.save(update_fields=["reached", "heard", "recommend", "remark", "answered_at", "answered_on"])
    record("experience.answered", by=by, at=at, patient_id=asked.patient_id, object_id=asked.id)


def _locked(patient_id: UUID, organization_id: UUID) -> Patient:
    rows = Patient.objects.live().filter(organization_id=organization_id, merged_into__isnull=True)
    patient: Patient | None = rows.select_for_update().filter(id=patient_id).first()
    if patient is None:
        raise NotFound
    return patient


def _episode(patient: Patient) -> Episode:
    """The one that the answers are of: the last. Raises ExperienceRefused before any enrolment."""
    rows = Episode.objects.live().filter(organization_id=patient.organization_id, patient=patient)
    episode: Episode | None = rows.order_by("-enrolled_on", "-id").first()
    if episode is None:
        raise ExperienceRefused("The patient was never enrolled, so there is nothing to ask about yet.")
    return episode


def _refuse(patient: Patient, episode: Episode, sent_by: str, language: str, at: datetime) -> None:
    if patient.died_on is not None:
        raise ExperienceRefused("The patient has died.")
    if sent_by not in (EMAIL, COPIED) or language not in WORDS:
        raise ExperienceRefused("Choose a language and how the link gets there.")
    if sent_by == EMAIL and not (patient.email and patient.may_email):
        raise ExperienceRefused("It is not on record that the patient agrees to e-mail. Copy the link instead.")
    last = last_asked(patient.id, patient.organization_id, at=at)
    if last is not None and at.date() < last.again_from:
        again = last.again_from
        raise ExperienceRefused(
            f"Asked within the last ninety days: ask again from {again:%B} {again.day}, {again:%Y}."
        )
