"""Consent and the visit before it: recorded, taken back, and the texts that consent is asked with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import seat
from registry.forms.consents import BILLING, ConsentForm, ConsentTextForm, ReasonForm, RevokeForm, VisitForm
from registry.operations import note_visit, revoke_consent, take_consent, void_fact, write_consent_text
from registry.operations.errors import ConsentImpossible, DateOutOfOrder, TextChangedMeanwhile
from registry.queries.choices import (
    clinician_choices,
    clinician_named_by,
    representative_choices,
    representative_named_by,
)
from registry.queries.consents import (
    LANGUAGES,
    consent_of,
    consent_texts,
    cost_words,
    current_texts,
    text_of,
    visit_of,
)
from registry.queries.enrolment import consent_words, visits_of
from registry.rules.consent import PATIENT, is_minor
from registry.rules.enrolment import is_visit_needed
from registry.views.door import Asked, asked

FORM_METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def consent_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The text to say, and how the patient agreed."""
    it = asked(request, patient_id)
    texts = current_texts(it.by.organization_id)
    form = _consent_form(it, texts)
    if it.is_post and form.is_valid() and form.moment is not None and _take(it, form):
        messages.success(request, "Consent saved.")
        return redirect("enrolment", organization, patient_id)
    context = {
        "form": form,
        "texts": [texts[language] for language, _ in LANGUAGES],
        "cost": cost_words(patient_id),
        "is_minor": is_minor(it.door.patient.birth_date, it.door.today),
    }
    status = 422 if it.is_post else 200
    return it.page("consent.opened", "registry/consent_new.html", context, status=status)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def consent_revoke(request: HttpRequest, organization: str, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """The patient takes consent back."""
    it = asked(request, patient_id)
    consent = _found(consent_of, patient_id, consent_id)
    if consent.revoked_on is not None:
        messages.info(request, "This consent was taken back before.")
        return redirect("enrolment", organization, patient_id)
    form = RevokeForm(request.POST if it.is_post else None, initial={"on": it.door.today})
    if it.is_post and form.is_valid() and _revoke(it, form, consent):
        messages.success(request, "Recorded: nothing counts from that day on.")
        return redirect("enrolment", organization, patient_id)
    context = {"form": form, "consent": consent_words(consent, it.door.zone)}
    status = 422 if it.is_post else 200
    return it.page("consent.opened", "registry/consent_revoke.html", context, status=status)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def consent_void(request: HttpRequest, organization: str, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """A consent that was recorded in error."""
    consent = _found(consent_of, patient_id, consent_id)
    return _void(asked(request, patient_id), consent, "consent", "consent.opened")


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def visit_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A visit that may begin the services."""
    it = asked(request, patient_id)
    episode = it.door.episode
    clinician = episode.treating_clinician_id if episode is not None else None
    clinicians = clinician_choices(it.by.organization_id)
    form = VisitForm(
        request.POST if it.is_post else None, clinicians=clinicians, initial={"treating_clinician": clinician}
    )
    if it.is_post and form.is_valid() and _note(it, form):
        messages.success(request, "Visit saved.")
        return redirect("enrolment", organization, patient_id)
    visits = visits_of(patient_id)
    began = episode.enrolled_on if episode is not None else it.door.today
    context = {"form": form, "visits": visits, "is_needed": is_visit_needed(began, visits[0].on if visits else None)}
    return it.page("visit.opened", "registry/enrolment_visit.html", context, status=422 if it.is_post else 200)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def visit_void(request: HttpRequest, organization: str, patient_id: UUID, visit_id: UUID) -> HttpResponse:
    """A visit that was recorded in error."""
    visit = _found(visit_of, patient_id, visit_id)
    return _void(asked(request, patient_id), visit, "visit", "visit.opened")


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(FORM_METHODS)
def consent_texts_page(request: HttpRequest, organization: str) -> HttpResponse:
    """The organization's texts, every version; writing a new one."""
    by, now = seat(request), timezone.now()
    is_post = request.method == "POST"
    form = ConsentTextForm(request.POST) if is_post else None
    changed = False
    if form is not None and form.is_valid():
        try:
            write_consent_text(by=by, at=now, **form.cleaned_data)
        except TextChangedMeanwhile as refusal:
            form.add_error("text", str(refusal))
            changed = True
        else:
            messages.success(request, "Saved as a new version. Earlier ones stay as they were used.")
            return redirect("consent_texts", organization)
    record("consent_text.viewed", by=by, at=now)
    context = {"languages": _languages(by.organization_id, form, changed=changed)}
    return render(request, "registry/consent_texts.html", context, status=422 if is_post else 200)


def _languages(organization_id: UUID, form: ConsentTextForm | None, *, changed: bool) -> list[dict[str, Any]]:
    """Each language with its versions and a form; the one that was sent shows what was typed.

    After a collision that form rests on the newest version, so that saving again is then meant.
    """
    current, versions = current_texts(organization_id), consent_texts(organization_id)
    sent = form["language"].value() if form is not None else None
    shown = []
    for language, name in LANGUAGES:
        text = current[language]
        own = form if sent == language else None
        if own is None:
            own = ConsentTextForm(initial={"language": language, "based_on": text.number, "text": text.text})
        elif changed:
            own.data = {**own.data.dict(), "based_on": str(text.number)}  # type: ignore[attr-defined]
        own.auto_id = f"{language}_%s"
        shown.append(
            {
                "language": language,
                "name": name,
                "current": text,
                "form": own,
                "is_sent": sent == language,
                "is_changed": changed and sent == language,
                "versions": [one for one in versions if one.language == language],
            }
        )
    return shown


def _consent_form(it: Asked, texts: Any) -> ConsentForm:
    patient, episode = it.door.patient, it.door.episode
    people = {
        "representatives": representative_choices(patient.id, it.door.today),
        "clinicians": clinician_choices(it.by.organization_id),
        "seats": _seats(it),
    }
    language = "es" if patient.language.casefold() in {"es", "spanish", "español"} else "en"
    initial = {
        "on": it.door.today,
        "given_by": "" if is_minor(patient.birth_date, it.door.today) else PATIENT,
        "treating_clinician": episode.treating_clinician_id if episode is not None else None,
        "taken_by": it.by.id,
        "script": texts[language].id,
    }
    data = it.request.POST if it.is_post else None
    return ConsentForm(data, zone=it.door.zone, people=people, texts=texts, initial=initial)


def _seats(it: Asked) -> list[tuple[str, str]]:
    people = people_of(it.by.organization_id).values()
    active = [one for one in people if one.is_active and not one.is_system]
    return sorted(((str(one.id), str(one)) for one in active), key=lambda pair: pair[1])


def _take(it: Asked, form: ConsentForm) -> bool:
    """Whether it was recorded; otherwise the refusal is now at its field."""
    values, moment = form.cleaned_data, form.moment
    assert moment is not None
    organization_id, patient = it.by.organization_id, it.door.patient
    try:
        take_consent(
            by=it.by,
            at=it.at,
            patient=patient,
            given_at=moment.at,
            is_time_known=moment.is_time_known,
            form=values["how"],
            treating_clinician=clinician_named_by(organization_id, values["treating_clinician"]),
            script=text_of(organization_id, values["script"]),
            given_by=values["given_by"],
            representative=representative_named_by(patient.id, values["representative"]),
            minor_basis=values["minor_basis"],
            taken_by=people_of(organization_id)[UUID(values["taken_by"])],
        )
    except ConsentImpossible as refusal:
        form.add_error(refusal.field, str(refusal))
        return False
    return True


def _revoke(it: Asked, form: RevokeForm, consent: Any) -> bool:
    on = form.cleaned_data["on"]
    try:
        if on > it.door.today:
            raise DateOutOfOrder("The day is in the future. Correct it.")
        revoke_consent(by=it.by, at=it.at, consent=consent, on=on)
    except DomainError as refusal:
        form.add_error("on", str(refusal))
        return False
    return True


def _note(it: Asked, form: VisitForm) -> bool:
    values = form.cleaned_data
    try:
        note_visit(
            by=it.by,
            at=it.at,
            today=it.door.today,
            patient=it.door.patient,
            on=values["on"],
            code=values["code"],
            is_by_billing_practitioner=values["by_whom"] == BILLING,
            treating_clinician=clinician_named_by(it.by.organization_id, values["treating_clinician"]),
        )
    except DateOutOfOrder as refusal:
        form.add_error("on", str(refusal))
        return False
    return True


def _void(it: Asked, fact: Any, what: str, action: str) -> HttpResponse:
    form = ReasonForm(it.request.POST if it.is_post else None)
    if it.is_post and form.is_valid():
        try:
            void_fact(by=it.by, at=it.at, fact=fact, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(it.request, "Taken back. It stays on record with the reason.")
            return redirect("enrolment", it.by.organization.slug, it.door.patient.id)
    context = {"form": form, "what": what, "back": "enrolment"}
    return it.page(action, "registry/enrolment_void.html", context, status=422 if it.is_post else 200)


def _found(query: Any, patient_id: UUID, fact_id: UUID) -> Any:
    try:
        return query(patient_id, fact_id)
    except NotFound:
        raise Http404 from None
