"""Links to questionnaires: sent by the care team, followed and answered by the patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from registry.models import Patient, SelfReport, SentBy
from registry.operations.messages import send_link_by_email, send_link_by_text
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.operations.self_report_errors import (
    LinkOver,
    PatientDied,
    RotaEmpty,
    ToolsUnusable,
    WayClosed,
)
from registry.queries.assessments import episode_on
from registry.queries.duty import has_rota
from registry.queries.protocols import protocol_of
from registry.queries.self_reports import (
    address_of,
    languages_of,
    offered_tools,
    secret_of,
    state_of,
    tools_in,
    ways_of,
)
from registry.rules.instruments import instrument
from registry.rules.links import secret_sha256
from registry.rules.self_reports import (
    MOST_WRONG_BIRTH_DATES,
    TABLET_HOURS,
    Gate,
    asks_about_danger,
    gate,
    is_open,
)

SEND, CLOSE = "send_self_report", "close_self_report"


@transaction.atomic
def send_self_report(
    *,
    by: Membership,
    at: datetime,
    patient_id: UUID,
    tools: Sequence[str],
    language: str,
    sent_by: str,
    client_token: UUID,
) -> SelfReport:
    """Make a link for a patient, and send it where it is sent. A second submit of the form returns the first link.

    It is good for the days that the clinic set, on a tablet for two hours. Raises RotaEmpty, ToolsUnusable,
    WayClosed, PatientDied, NotFound.
    """
    patient = _locked_patient(patient_id, by.organization_id)
    known: SelfReport | None = SelfReport.objects.filter(client_token=client_token, patient=patient).first()
    if known is not None:
        return known
    protocol = protocol_of(patient.clinic_id)
    _check_sending(patient, tools, language, sent_by)
    is_short = sent_by == SentBy.TABLET
    report = stamped(
        SelfReport,
        Stamp(by, at),
        patient=patient,
        episode=episode_on(patient.id, at.astimezone(protocol.zone).date()),
        clinic_id=patient.clinic_id,
        instruments=list(tools),
        language=language,
        sent_by=sent_by,
        expires_at=at + (timedelta(hours=TABLET_HOURS) if is_short else timedelta(days=protocol.link_days)),
        client_token=client_token,
    )
    report.token_sha256 = secret_sha256(secret_of(report.id), is_short=is_short)
    record_facts([report])
    record("self_report.sent", by=by, at=at, patient_id=patient.id, object_id=report.id)
    _queue(CLOSE, report, at=at, run_after=report.expires_at)
    if sent_by in (SentBy.EMAIL, SentBy.TEXT):
        _queue(SEND, report, at=at, run_after=at)
    return report


def deliver_self_report(*, organization_id: UUID, report_id: UUID, at: datetime) -> None:
    """Send the message with the link. Nothing goes out for a link that is over by now."""
    report = SelfReport.objects.filter(organization_id=organization_id, id=report_id).select_related("patient").get()
    if not is_open(state_of(report, at)):
        return
    link = link_address(report)
    if report.sent_by == SentBy.TEXT:
        send_link_by_text(to=report.patient.phone, link=link, language=report.language)
    else:
        until = report.expires_at.astimezone(protocol_of(report.clinic_id).zone).date()
        send_link_by_email(to=report.patient.email, link=link, language=report.language, until=until)


def link_address(report: SelfReport) -> str:
    """The whole address of a link, as it is sent or printed."""
    text = address_of(report.id, report.organization_id, report.sent_by)
    return settings.ADDRESS + reverse("answers", args=[text])


@transaction.atomic
def withdraw_self_report(*, by: Membership, at: datetime, report_id: UUID, patient_id: UUID) -> None:
    """Close a link before it was finished. Raises LinkOver when it is over already, NotFound."""
    report = _locked(report_id, by.organization_id)
    if report.patient_id != patient_id:
        raise NotFound
    if not is_open(state_of(report, at)):
        raise LinkOver
    void_facts([report], stamp=Stamp(by, at), reason="Withdrawn")
    record("self_report.withdrawn", by=by, at=at, patient_id=report.patient_id, object_id=report.id)


@transaction.atomic
def choose_language(*, by: Membership, at: datetime, report_id: UUID, language: str) -> None:
    """The patient reads on in another language. One that the questions do not have changes nothing."""
    report = open_report(report_id, by.organization_id, at)
    if language in dict(languages_of(tools_in(report))):
        report.language = language
        report.save(update_fields=["language"])


@transaction.atomic
def confirm_birth_date(
    *, by: Membership, at: datetime, report_id: UUID, birth_date: date | None, session_sha256: bytes
) -> bool:
    """The patient's birth date opens the questions for one browser, whose session's hash is given.

    A wrong one (None: a day that does not exist) is counted, and the fifth closes the link: False. No exception,
    which would take the count back. Questions about danger are dropped here where the clinic has them left out
    outside its hours. Raises LinkOver.
    """
    report = open_report(report_id, by.organization_id, at)
    if report.patient.birth_date != birth_date:
        _count_wrong(report, by=by, at=at)
        return False
    how = gate_of(report, at)
    if how is Gate.WAITS:
        raise LinkOver
    if how is Gate.WITHOUT_DANGER:
        left_out = [key for key in report.instruments if asks_about_danger(instrument(key))]
        report.instruments = [key for key in report.instruments if key not in left_out]
        report.answers = {**report.answers, "left_out": left_out}
    report.confirmed_at, report.session_sha256 = at, session_sha256
    report.save(update_fields=["instruments", "answers", "confirmed_at", "session_sha256"])
    record("self_report.opened", by=by, at=at, patient_id=report.patient_id, object_id=report.id)
    return True


def open_report(report_id: UUID, organization_id: UUID, at: datetime) -> SelfReport:
    """A link that can be answered, locked: two tabs take turns. Raises LinkOver, NotFound."""
    report = _locked(report_id, organization_id)
    if not is_open(state_of(report, at)):
        raise LinkOver
    return report


def gate_of(report: SelfReport, at: datetime) -> Gate:
    """Whether a link that is open may be answered at this hour."""
    protocol = protocol_of(report.clinic_id)
    return gate(
        tools_in(report),
        is_clinic_open=protocol.is_open_at(at),
        outside=protocol.outside_hours,
        confirmed_at=report.confirmed_at,
        at=at,
    )


def _check_sending(patient: Patient, tools: Sequence[str], language: str, sent_by: str) -> None:
    if patient.died_on is not None:
        raise PatientDied
    if not has_rota(patient.clinic_id, patient.organization_id):
        raise RotaEmpty
    offered = {tool.key: tool for tool in offered_tools(patient.clinic_id)}
    if not tools or len(set(tools)) != len(tools) or not set(tools) <= offered.keys():
        raise ToolsUnusable("Choose at least one questionnaire from the list.")
    if language not in dict(languages_of(tuple(offered[key] for key in tools))):
        raise ToolsUnusable("Not all of these questionnaires exist in this language. Choose others, or English.")
    ways = {way.key: way.why_not for way in ways_of(patient)}
    if ways.get(sent_by, "Choose how the patient gets the link."):
        raise WayClosed(ways.get(sent_by, "Choose how the patient gets the link."))


def _count_wrong(report: SelfReport, *, by: Membership, at: datetime) -> None:
    report.wrong_birth_dates += 1
    report.save(update_fields=["wrong_birth_dates"])
    if report.wrong_birth_dates >= MOST_WRONG_BIRTH_DATES:
        record("self_report.locked", by=by, at=at, patient_id=report.patient_id, object_id=report.id)


def _locked(report_id: UUID, organization_id: UUID) -> SelfReport:
    rows = SelfReport.objects.select_for_update(no_key=True, of=("self",)).select_related("patient")
    report: SelfReport | None = rows.filter(organization_id=organization_id, id=report_id).first()
    if report is None:
        raise NotFound
    return report


def _locked_patient(patient_id: UUID, organization_id: UUID) -> Patient:
    """Two submits of one form at once: the second waits here until the first has made its link."""
    rows = Patient.objects.live().select_for_update(no_key=True)
    patient: Patient | None = rows.filter(organization_id=organization_id, id=patient_id).first()
    if patient is None:
        raise NotFound
    return patient


def _queue(kind: str, report: SelfReport, *, at: datetime, run_after: datetime) -> None:
    queue(
        kind,
        organization_id=report.organization_id,
        key=str(report.id),
        at=at,
        arguments={"report_id": report.id},
        run_after=run_after,
    )
