"""Who works in an organization: the list, and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.forms.people import InvitationForm
from bhi.accounts.operations.invitations import INVITATION_DAYS, invite, invite_again, withdraw_invitation
from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries.people import Show, clinic_choices, day_of, free_seats, people_page
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import page_number, seat

_SENT = f"The invitation is on its way. Its link is good for {INVITATION_DAYS} days, once."


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def people(request: HttpRequest, organization: str) -> HttpResponse:
    """Who is at work, invited, or was here."""
    by, at = seat(request), timezone.now()
    show = Show(request.GET["show"]) if request.GET.get("show") in set(Show) else Show.AT_WORK
    name, today = request.GET.get("name", "")[:100], day_of(by.organization_id, at)
    page = people_page(by.organization_id, show=show, at=at, today=today, page=page_number(request), name=name)
    record("people.viewed", by=by, at=at)
    query = urlencode({"show": show.value, **({"name": name} if name else {})}) + "&"
    context = {"page": page, "show": show.value, "name": name, "today": today, "kinds": _kinds(page.counts)}
    context["query"] = query
    return render(request, "people/people.html", context)


def _invited(organization: str) -> str:
    """Those who are asked to come and not here yet: where an invitation shows that was just sent."""
    return f"{reverse('people', args=[organization])}?show={Show.INVITED.value}"


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_new(request: HttpRequest, organization: str) -> HttpResponse:
    """Somebody asked to come."""
    by = seat(request)
    form = InvitationForm(
        request.POST if request.method == "POST" else None,
        initial={"seat": request.GET.get("seat", "")},
        clinics=clinic_choices(by.organization_id),
        free_seats=free_seats(by.organization_id),
    )
    if form.is_bound and form.is_valid():
        try:
            invite(by=by, at=timezone.now(), invited=form.invited)
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, _SENT)
            return redirect(_invited(organization))
    return render(request, "people/invitation_new.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def invitation_again(request: HttpRequest, organization: str, invitation_id: UUID) -> HttpResponse:
    """A new link; the old one is dead."""
    try:
        invite_again(by=seat(request), at=timezone.now(), invitation_id=invitation_id)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, f"{_SENT} The earlier link is dead.")
    return redirect(_invited(organization))


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def invitation_withdraw(request: HttpRequest, organization: str, invitation_id: UUID) -> HttpResponse:
    """The link is dead."""
    try:
        withdraw_invitation(by=seat(request), at=timezone.now(), invitation_id=invitation_id)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "Withdrawn. Its link is dead.")
    return redirect(_invited(organization))


def _kinds(counts: Mapping[Show, int]) -> list[tuple[str, str, int]]:
    labels = {Show.AT_WORK: "At work", Show.INVITED: "Invited", Show.ENDED: "Work ended"}
    return [(kind.value, label, counts[kind]) for kind, label in labels.items()]
