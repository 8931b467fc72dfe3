"""One person of an organization: what they may do and where, credentials, leave, return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.forms.people import AccessForm, CredentialForm, LeaveForm, PersonForm, VoidForm
from bhi.accounts.operations.access import return_to_seat, set_access, set_person
from bhi.accounts.operations.credentials import end_leave, record_credential, record_leave, void_credential
from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries.people import clinic_choices, day_of
from bhi.accounts.queries.seat_page import SeatPage, seat_page
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat as asking_seat

# Several forms on one page have fields of one name: their ids differ.
_WHO, _LEAVE = "who_%s", "leave_%s"


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def seat(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """Everything about one person here."""
    by, shown = _found(request, seat_id)
    record("seat.viewed", by=by, at=timezone.now(), object_id=shown.id)
    return _page(request, shown)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_access(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """Roles and clinics."""
    return _access_saved(request, seat_id, set_access)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_return(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """Back at work, with roles chosen anew."""
    return _access_saved(request, seat_id, return_to_seat)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_person(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """Name and credential."""
    by, shown = _found(request, seat_id)
    form = PersonForm(request.POST, auto_id=_WHO)

    def save() -> None:
        set_person(by=by, at=timezone.now(), seat_id=shown.id, **form.cleaned_data)

    return _saved(request, shown, form, save, person=form)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_credential(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """A license or training."""
    by, shown = _found(request, seat_id)
    form = CredentialForm(request.POST)

    def save() -> None:
        record_credential(by=by, at=timezone.now(), seat_id=shown.id, values=form.values)

    return _saved(request, shown, form, save, credential=form)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_credential_void(request: HttpRequest, organization: str, seat_id: UUID, credential_id: UUID) -> HttpResponse:
    """One that was recorded wrongly."""
    by, shown = _found(request, seat_id)
    if credential_id not in {one.id for one in shown.credentials}:
        raise Http404
    form = VoidForm(request.POST, prefix=str(credential_id))

    def save() -> None:
        void_credential(by=by, at=timezone.now(), credential_id=credential_id, reason=form.cleaned_data["reason"])

    return _saved(request, shown, form, save, void=form, voided_id=credential_id)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_leave(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """Days away."""
    by, shown = _found(request, seat_id)
    form = LeaveForm(request.POST, auto_id=_LEAVE)

    def save() -> None:
        record_leave(by=by, at=timezone.now(), seat_id=shown.id, **form.cleaned_data)

    return _saved(request, shown, form, save, leave=form)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def seat_leave_end(request: HttpRequest, organization: str, seat_id: UUID, leave_id: UUID) -> HttpResponse:
    """Back from leave."""
    by, shown = _found(request, seat_id)
    if leave_id not in {one.id for one in shown.leaves}:
        raise Http404
    at = timezone.now()
    end_leave(by=by, at=at, leave_id=leave_id, today=day_of(by.organization_id, at))
    messages.success(request, "Saved. The leave has ended.")
    return redirect("seat", organization, seat_id)


def _found(request: HttpRequest, seat_id: UUID) -> tuple[Membership, SeatPage]:
    by = asking_seat(request)
    try:
        return by, seat_page(by.organization_id, seat_id, today=day_of(by.organization_id, timezone.now()))
    except NotFound:
        raise Http404 from None


def _access_saved(request: HttpRequest, seat_id: UUID, keep: Callable[..., object]) -> HttpResponse:
    """Roles and clinics as chosen, by the operation that keeps them."""
    by, shown = _found(request, seat_id)
    form = AccessForm(request.POST, clinics=clinic_choices(by.organization_id))

    def save() -> None:
        keep(by=by, at=timezone.now(), seat_id=shown.id, roles=form.role_values, clinics=form.clinic_ids)

    return _saved(request, shown, form, save, access=form)


def _saved(
    request: HttpRequest, shown: SeatPage, form: forms.Form, save: Callable[[], None], **shown_again: Any
) -> HttpResponse:
    """Back on the page when it was saved; else the page with what was typed and what is wrong."""
    if form.is_valid():
        try:
            save()
        except NotFound:
            raise Http404 from None
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, "Saved.")
            return redirect("seat", asking_seat(request).organization.slug, shown.id)
    return _page(request, shown, status=422, **shown_again)


def _page(request: HttpRequest, shown: SeatPage, *, status: int = 200, **forms_typed: Any) -> HttpResponse:
    by = asking_seat(request)
    today = day_of(by.organization_id, timezone.now())
    context = {
        "shown": shown,
        "today": today,
        "is_own": shown.id == by.id,
        "access": AccessForm(
            initial={"roles": shown.roles, "clinics": [str(one) for one in shown.clinics]},
            clinics=clinic_choices(by.organization_id),
        ),
        "person": PersonForm(auto_id=_WHO, initial={"name": shown.name, "credential": shown.credential}),
        "credential": CredentialForm(),
        "leave": LeaveForm(auto_id=_LEAVE, today=today),
        "is_faulty": status == 422,
        **forms_typed,
    }
    context["held"] = [(one, _void_form(one.id, context)) for one in shown.credentials]
    return render(request, "people/seat.html", context, status=status)


def _void_form(credential_id: UUID, context: dict[str, Any]) -> forms.Form:
    """Each credential has its own; the one that was refused as it was typed."""
    if context.get("voided_id") == credential_id:
        typed: forms.Form = context["void"]
        return typed
    return VoidForm(prefix=str(credential_id))
