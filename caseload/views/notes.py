"""A contact's note: reading it, adding to it, signing beside it, taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from billing.queries.claims import claimed_months
from caseload.forms.notes import AddendumForm, CoSignForm, TakeBackForm
from caseload.operations.notes import add_addendum, co_sign, void_contact
from caseload.queries.notes import NoteShown, note_shown, notes_to_co_sign
from caseload.rules.clock import first_day


@requires(Permission.VIEW_CHART)
@require_safe
def contact(request: HttpRequest, organization: str, contact_id: UUID) -> HttpResponse:
    """The whole note, and what may be done with it."""
    now = timezone.now()
    return _page(request, _note(request, contact_id, now), at=now)


@requires(Permission.LOG_CONTACT)
@require_POST
def addendum_new(request: HttpRequest, organization: str, contact_id: UUID) -> HttpResponse:
    """Add to a signed note."""

    def add(form: Form, known: dict[str, Any]) -> None:
        values = form.cleaned_data
        add_addendum(**known, text=values["text"], client_token=values["client_token"])

    return _do(request, contact_id, "addendum", AddendumForm(request.POST), add, said="Addendum saved.")


@requires(Permission.CO_SIGN)
@require_POST
def contact_co_sign(request: HttpRequest, organization: str, contact_id: UUID) -> HttpResponse:
    """Sign beside a supervised person's note."""

    def sign(form: Form, known: dict[str, Any]) -> None:
        co_sign(**known, remark=form.cleaned_data["remark"])

    return _do(request, contact_id, "co_signing", CoSignForm(request.POST), sign, said="Signed.")


@requires(Permission.LOG_CONTACT)
@require_POST
def contact_void(request: HttpRequest, organization: str, contact_id: UUID) -> HttpResponse:
    """Take back a note, with its minutes and scores."""

    def take_back(form: Form, known: dict[str, Any]) -> None:
        note = _note(request, contact_id, known["at"])
        claimed = _claimed_month(note, known["by"])
        if claimed:
            raise ClaimRestsOnIt(claimed)
        void_contact(**known, reason=form.cleaned_data["reason"])

    said = "Note taken back, with its minutes and scores."
    return _do(request, contact_id, "taking_back", TakeBackForm(request.POST), take_back, said=said)


@requires(Permission.CO_SIGN)
@require_safe
def to_cosign(request: HttpRequest, organization: str) -> HttpResponse:
    """The notes that wait for this person's signature."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    waiting = notes_to_co_sign(by)
    record("notes_to_sign.viewed", by=by, at=timezone.now(), shown=[one.patient_id for one in waiting])
    return render(request, "caseload/notes_to_sign.html", {"waiting": waiting})


class ClaimRestsOnIt(DomainError):
    """The minutes of a note are in a claim that was made."""

    def __init__(self, month: str) -> None:
        super().__init__(f"A claim for {month} rests on its minutes. Billing has to correct that claim first.")


def _claimed_month(note: NoteShown, by: Membership) -> str:
    """The month, in words, for which a claim was made that this note's minutes are part of."""
    claimed = (month for month in note.months if note.patient_id in claimed_months(by.organization_id, month))
    return next((f"{first_day(month):%B %Y}" for month in claimed), "")


def _do(
    request: HttpRequest,
    contact_id: UUID,
    name: str,
    form: Form,
    act: Callable[[Form, dict[str, Any]], None],
    *,
    said: str,
) -> HttpResponse:
    """One act on a note; what is refused comes back on its page, as typed."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    note = _note(request, contact_id, now)
    if form.is_valid():
        try:
            act(form, {"by": by, "at": now, "contact_id": note.id})
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, said)
            return redirect("contact", by.organization.slug, contact_id)
    return _page(request, note, at=now, forms={name: form}, status=422)


def _note(request: HttpRequest, contact_id: UUID, at: datetime) -> NoteShown:
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        return note_shown(contact_id, for_=by, at=at, people=people_of(by.organization_id))
    except NotFound:
        raise Http404 from None


def _page(
    request: HttpRequest, note: NoteShown, *, at: datetime, forms: dict[str, Form] | None = None, status: int = 200
) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    record("contact.viewed", by=by, at=at, patient_id=note.patient_id, object_id=note.id)
    may_log = Permission.LOG_CONTACT in permissions_of(by.roles)
    context: dict[str, Any] = {
        "note": note,
        "organization_id": by.organization_id,
        "is_part_two": note.is_part_two,
        "sub": f"{note.mrn or 'No record number'} · {note.clinic_name}",
        "may_add": may_log and note.taken_back is None,
        "may_take_back": may_log and note.may_take_back,
        "addendum": AddendumForm(),
        "co_signing": CoSignForm(),
        "taking_back": TakeBackForm(),
        **(forms or {}),
    }
    return render(request, "caseload/note.html", context, status=status)
