"""Letters to a patient, printed from the chart, and the organization's own wordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.forms.letters import LetterForm, WordingForm
from caseload.operations.letters import TemplateMoved, set_letter_template, write_letter
from caseload.queries.doors import PatientDoor
from caseload.queries.letters import KINDS, Wording, letter_of, letters_of, wordings
from caseload.rules.letters import CLOSING, GRADUATION, LANGUAGES, PLACES, UNABLE, filled
from caseload.views.door import door_of

METHODS = ["GET", "HEAD", "POST"]
GRADUATED = "graduated"


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def letter_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Choose the letter and its language, change what this patient asks for, and keep it to print."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = door_of(patient_id, by, now)
    asked = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(by, door, asked.get("kind", ""), asked.get("language", ""))
    form = LetterForm(request.POST if request.method == "POST" else None, initial=_initial(by, door, chosen))
    if form.is_bound and door.episode is not None and form.is_valid():
        try:
            made = write_letter(by=by, at=now, episode_id=door.episode.id, **form.cleaned_data)
        except DomainError as fault:
            form.add_error("body", str(fault))
        else:
            return redirect("letter", organization, patient_id, made.id)
    record("letter.opened", by=by, at=now, patient_id=patient_id, object_id=patient_id)
    context = {"form": form, "kinds": KINDS, "languages": LANGUAGES, "chosen": chosen, "door": door}
    context["letters"] = letters_of(by.organization_id, patient_id)
    return render(request, "caseload/letter_new.html", context, status=422 if form.is_bound else 200)


@requires(Permission.LOG_CONTACT)
@require_safe
def letter(request: HttpRequest, organization: str, patient_id: UUID, letter_id: UUID) -> HttpResponse:
    """A letter as it was printed. Nothing outside of it says what the care is about."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = door_of(patient_id, by, now)
    try:
        found = letter_of(by.organization_id, patient_id, letter_id)
    except NotFound:
        raise Http404 from None
    record("letter.viewed", by=by, at=now, patient_id=patient_id, object_id=letter_id)
    return render(request, "caseload/letter.html", {"letter": found, "door": door})


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(METHODS)
def letter_templates(request: HttpRequest, organization: str) -> HttpResponse:
    """The organization's own wording of every letter."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    found = wordings(by.organization_id)
    typed = WordingForm(request.POST) if request.method == "POST" else None
    if typed is not None and typed.is_valid() and _set(typed, by, now, found):
        messages.success(request, "Saved.")
        return redirect("letter_templates", organization)
    letters = [(one, _wording_form(one, typed)) for one in found.values()]
    context = {"letters": letters, "places": PLACES, "is_faulty": typed is not None}
    return render(request, "caseload/letter_templates.html", context, status=422 if typed is not None else 200)


def _set(form: WordingForm, by: Membership, now: datetime, found: dict[tuple[str, str], Wording]) -> bool:
    values = form.cleaned_data
    which = {"kind": values["kind"], "language": values["language"]}
    try:
        set_letter_template(by=by, at=now, body=values["body"], seen=form.seen_at, **which)
    except TemplateMoved as fault:
        theirs = found[values["kind"], values["language"]]
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["seen"] = _seen(theirs)  # type: ignore[index]
        form.add_error("body", f"{fault} Theirs: {theirs.body}")
    except DomainError as fault:
        form.add_error("body", str(fault))
    return form.is_valid()


def _wording_form(one: Wording, typed: WordingForm | None) -> WordingForm:
    """The form that was sent, in its place; else one of what is in force."""
    if typed is not None and (typed.data.get("kind"), typed.data.get("language")) == (one.kind, one.language):
        return typed
    initial = {"kind": one.kind, "language": one.language, "body": one.body, "seen": _seen(one)}
    return WordingForm(initial=initial, auto_id=f"id_{one.kind}_{one.language}_%s")


def _seen(one: Wording) -> str:
    return one.changed_at.isoformat() if one.changed_at else ""


def _chosen(by: Membership, door: PatientDoor, kind: str, language: str) -> Wording:
    """The letter that was asked for, in the language asked for, else in the patient's where we have it."""
    found = wordings(by.organization_id)
    own = "es" if door.patient.language.lower().startswith(("es", "span")) else "en"
    return found.get((kind, language)) or found.get((kind, own)) or found[_usual(door), own]


def _usual(door: PatientDoor) -> str:
    """Which letter comes next: of a discharge the one that goes with its reason."""
    if door.is_open or door.episode is None:
        return UNABLE
    return GRADUATION if door.episode.end_reason == GRADUATED else CLOSING


def _initial(by: Membership, door: PatientDoor, chosen: Wording) -> dict[str, Any]:
    people = people_of(by.organization_id)
    care_manager = people.get(door.episode.care_manager_id) if door.episode and door.episode.care_manager_id else by
    names = {"name": door.name, "practice": door.clinic_name, "care_manager": (care_manager or by).name}
    return {"kind": chosen.kind, "language": chosen.language, "body": filled(chosen.body, names)}
