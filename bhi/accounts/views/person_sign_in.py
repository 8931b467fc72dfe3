"""For an admin: how somebody of the organization signs in, and the way back in for who lost theirs."""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.forms.signing_in import BeforeForm, EmailForm, SecondStepForm
from bhi.accounts.models import User
from bhi.accounts.operations.recovering import (
    RecoveryRefused,
    end_sessions_of,
    reset_second_factor,
    set_email_of,
)
from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.accounts.queries.sign_ins import activity_of, has_second_factor, open_sessions
from bhi.accounts.views.own import tell_of_new_email
from bhi.tenancy.models import Membership

Forms = dict[str, EmailForm | SecondStepForm]


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def person_sign_in(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """Sessions and activity of a person of this organization; a POST's `do` says which of its three forms it is."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    seat = people_of(by.organization_id).get(seat_id)
    if seat is None or seat.user is None:
        raise Http404
    forms: Forms = {"email": EmailForm(prefix="email"), "step": SecondStepForm(prefix="step")}
    if request.method == "POST":
        try:
            if _do(request, seat, seat.user, by, forms):
                return redirect("person_sign_in", organization, seat_id)
        except RecoveryRefused as fault:
            asked = forms.get(request.POST.get("do", ""))
            if asked is None:
                messages.error(request, str(fault))
            else:
                asked.add_error(None, str(fault))
    return _page(request, seat, seat.user, forms, status=422 if request.method == "POST" else 200)


def _do(request: HttpRequest, seat: Membership, person: User, by: Membership, forms: Forms) -> bool:
    """Do what the form asks; False with its errors in place when it cannot be read."""
    do, now = request.POST.get("do", ""), timezone.now()
    if do == "end":
        end_sessions_of(seat=seat, by=by, at=now)
        messages.success(request, "Signed out everywhere.")
        return True
    if do not in forms:
        return False
    form = forms[do] = type(forms[do])(request.POST, prefix=do)
    if not form.is_valid():
        return False
    if do == "email":
        former = set_email_of(seat=seat, email=form.cleaned_data["email"], by=by, at=now)
        person.refresh_from_db()
        tell_of_new_email(request, person, former)
        messages.success(request, "Signs in with the new address from now on. Both addresses were told.")
        return True
    reset_second_factor(seat=seat, by=by, at=now)
    get_adapter(request).send_notification_mail("account/email/second_step_reset", person, email=person.email)
    messages.success(request, "Sets up a second step when signing in next. The person was told.")
    return True


def _page(request: HttpRequest, seat: Membership, person: User, forms: Forms, *, status: int) -> HttpResponse:
    context = {
        "seat": seat,
        "person": person,
        "forms": forms,
        "has_second_factor": has_second_factor(person.pk),
        "sessions": open_sessions(person.pk, this_key=request.session.session_key, at=timezone.now()),
        "activity": activity_of(person.pk, before=BeforeForm.read(request.GET)),
    }
    return render(request, "account/person_sign_in.html", context, status=status)
