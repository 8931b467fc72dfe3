"""What somebody sees who follows an invitation. Whatever is wrong with a link, the page is the same."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.forms.people import NewcomerForm
from bhi.accounts.links import read_token
from bhi.accounts.operations.invitations import accept_invitation
from bhi.accounts.permissions import public
from bhi.accounts.queries.invitations import InvitationOpened, open_invitation
from bhi.errors import DomainError
from bhi.tenancy.context import tenant
from bhi.web.limits import is_over_limit

UNKNOWN_A_MINUTE = 30
_BY_EMAIL = "You are in. Sign in with your e-mail and the password you just chose."
_WITH_PROVIDER = "You are in. Sign in with your organization."


@public
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Take a seat: with a new account, or signed in with the one that this address has."""
    read, at = read_token(token), timezone.now()
    if read is None:
        return _closed(request)
    organization_id, fingerprint = read
    with tenant(organization_id):
        invitation = open_invitation(organization_id, fingerprint, at=at)
        if invitation is None:
            return _closed(request)
        if request.user.is_authenticated:
            return _signed_in(request, invitation)
        if invitation.is_known:
            return render(request, "people/invited_known.html", {"invitation": invitation, "path": request.path})
        return _newcomer(request, invitation)


def _newcomer(request: HttpRequest, invitation: InvitationOpened) -> HttpResponse:
    form = NewcomerForm(
        request.POST if request.method == "POST" else None,
        initial={"name": invitation.name},
        email=invitation.email,
        has_password=not invitation.has_provider,
    )
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            accept_invitation(
                organization_id=invitation.organization_id,
                invitation_id=invitation.id,
                at=timezone.now(),
                person=None,
                name=values["name"],
                password=values.get("password1"),
            )
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, _WITH_PROVIDER if invitation.has_provider else _BY_EMAIL)
            return redirect("account_login")
    context = {"form": form, "invitation": invitation}
    return render(request, "people/invited_new.html", context, status=422 if form.is_bound else 200)


def _signed_in(request: HttpRequest, invitation: InvitationOpened) -> HttpResponse:
    """Whoever is signed in takes the seat if it is theirs; anybody else signs out first."""
    said = ""
    is_theirs = getattr(request.user, "email", "") == invitation.email
    if request.method == "POST" and is_theirs:
        try:
            accept_invitation(
                organization_id=invitation.organization_id,
                invitation_id=invitation.id,
                at=timezone.now(),
                person=request.user,  # type: ignore[arg-type]
            )
        except DomainError as fault:
            said = str(fault)
        else:
            return redirect("enter", invitation.slug)
    context = {"invitation": invitation, "is_theirs": is_theirs, "said": said}
    is_refused = said or (request.method == "POST" and not is_theirs)
    return render(request, "people/invited_here.html", context, status=422 if is_refused else 200)


def _closed(request: HttpRequest) -> HttpResponse:
    """Used, expired, withdrawn, mistyped: the same, and slower for who tries many."""
    if is_over_limit(request, "invited", most=UNKNOWN_A_MINUTE):
        return render(request, "429.html", status=429)
    return render(request, "people/invited_closed.html", status=404)
