"""Questionnaires as the care team sends them."""

from __future__ import annotations

from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from registry.forms.self_reports import SendForm
from registry.operations.self_reports import send_self_report, withdraw_self_report
from registry.queries.protocols import protocol_of
from registry.queries.self_reports import address_of, code_of, link_of, offered_tools, sent_links, ways_of
from registry.views.door import Asked, asked

_SENT = {
    "email": "The link is on its way by e-mail.",
    "text": "The link is on its way by text message.",
}


@requires(Permission.VIEW_CHART)
@require_safe
def questionnaires(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What was sent and what became of it, and the form that sends another for those who may."""
    here = asked(request, patient_id)
    return _page(here, _form(here))


@requires(Permission.SEND_QUESTIONNAIRE)
@require_POST
def questionnaire_send(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Make a link. Faulty input comes back with everything as typed."""
    here = asked(request, patient_id)
    form = _form(here, request.POST)
    answer = _send(here, form) if form.is_valid() else None
    return answer or _page(here, form, status=422)


@requires(Permission.SEND_QUESTIONNAIRE)
@require_safe
def questionnaire(request: HttpRequest, organization: str, patient_id: UUID, report_id: UUID) -> HttpResponse:
    """An open link as a code to scan, or to type on the clinic's tablet. The paper names nobody."""
    here = asked(request, patient_id)
    try:
        link = link_of(report_id, patient_id, here.by.organization_id, at=here.at)
    except NotFound:
        raise Http404 from None
    if not link.can_be_shown:
        messages.info(request, "This link is over, or went out as a message.")
        return redirect("questionnaires", organization, patient_id)
    path = reverse("answers", args=[address_of(link.id, here.by.organization_id, link.way_key)])
    context = {
        "link": link,
        "qr": _qr(settings.ADDRESS + path),
        "address": settings.ADDRESS + (reverse("answer_code") if link.is_typed else path),
        "path": path,
        "code": code_of(link.id, here.by.organization_id) if link.is_typed else "",
        "zone": here.door.zone.key,
    }
    return here.page("questionnaires.shown", "registry/questionnaire.html", context)


@requires(Permission.SEND_QUESTIONNAIRE)
@require_POST
def questionnaire_withdraw(request: HttpRequest, organization: str, patient_id: UUID, report_id: UUID) -> HttpResponse:
    """Close a link that was not finished."""
    here = asked(request, patient_id)
    try:
        withdraw_self_report(by=here.by, at=here.at, report_id=report_id, patient_id=patient_id)
        messages.success(request, "The link is withdrawn.")
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.info(request, str(fault))
    return redirect("questionnaires", organization, patient_id)


def _form(here: Asked, data: QueryDict | None = None) -> SendForm:
    patient = here.door.patient
    language = "es" if patient.language.lower().startswith(("es", "spanish")) else "en"
    return SendForm(data, tools=offered_tools(patient.clinic_id), ways=ways_of(patient), language=language)


def _page(here: Asked, form: SendForm, *, status: int = 200) -> HttpResponse:
    patient = here.door.patient
    context = {
        "form": form,
        "ways": ways_of(patient),
        "sent": sent_links(patient, at=here.at),
        "may_send": here.may(Permission.SEND_QUESTIONNAIRE),
        "may_set": here.may(Permission.SET_PROTOCOLS),
        "protocol": protocol_of(patient.clinic_id),
        "zone": here.door.zone.key,
    }
    return here.page("questionnaires.viewed", "registry/questionnaires.html", context, status=status)


def _send(here: Asked, form: SendForm) -> HttpResponse | None:
    """To where it goes on, or None with the refusal said at its field."""
    typed, slug, patient_id = form.cleaned_data, here.by.organization.slug, here.door.patient.id
    try:
        report = send_self_report(
            by=here.by,
            at=here.at,
            patient_id=patient_id,
            tools=typed["tools"],
            language=typed["language"],
            sent_by=typed["sent_by"],
            client_token=typed["client_token"],
        )
    except DomainError as fault:
        form.say(fault)
        return None
    if report.sent_by not in _SENT:
        return redirect("questionnaire", slug, patient_id, report.id)
    messages.success(here.request, _SENT[report.sent_by])
    return redirect("questionnaires", slug, patient_id)


def _qr(address: str) -> SafeString:
    """Drawn in attributes, as the page's policy forbids styles."""
    drawing = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, border=2, svgclass=None, lineclass=None
    )
    named = drawing.replace("<svg", '<svg role="img" aria-label="QR code of the link"', 1)
    return mark_safe(named)  # noqa: S308 - drawn by the library from an address of ours
