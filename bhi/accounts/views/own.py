"""One's own account: where one is signed in, what happened, and with which address one signs in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.forms.signing_in import BeforeForm, EmailForm
from bhi.accounts.mfa_adapter import MfaAdapter
from bhi.accounts.models import SignInKind, User
from bhi.accounts.operations.ending_sessions import end_sessions
from bhi.accounts.operations.recovering import RecoveryRefused, change_email
from bhi.accounts.permissions import signed_in
from bhi.accounts.places import happened
from bhi.accounts.queries.sign_ins import activity_of, open_sessions
from bhi.accounts.recent import requires_recent_sign_in

LINK = "bhi.accounts.email"
LINK_SECONDS = 24 * 60 * 60


@signed_in
@require_safe
def sign_ins(request: HttpRequest) -> HttpResponse:
    """Where you are signed in, and what happened to your account."""
    user: Any = request.user
    now = timezone.now()
    context = {
        "sessions": open_sessions(user.pk, this_key=request.session.session_key, at=now),
        "activity": activity_of(user.pk, before=BeforeForm.read(request.GET)),
        "most": settings.MOST_SESSIONS,
    }
    return render(request, "account/sign_ins.html", context)


@signed_in
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """End one session that is not this one, or all of them."""
    user: Any = request.user
    others = [
        each
        for each in open_sessions(user.pk, this_key=request.session.session_key, at=timezone.now())
        if not each.is_this and request.POST.get("session") in ("", None, each.mark)
    ]
    count = end_sessions(user_id=user.pk, keys=[each.key for each in others])
    if count:
        happened(SignInKind.SESSION_ENDED, request, user_id=user.pk)
    messages.success(request, "Signed out there." if count else "Nothing else was open.")
    return redirect("sign_ins")


@signed_in
@requires_recent_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def email_change(request: HttpRequest) -> HttpResponse:
    """Asks the new address first: the link that goes there makes the change."""
    user: Any = request.user
    form = EmailForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"].lower()
        token = signing.dumps([str(user.pk), user.email, email], salt=LINK)
        link = {"link": settings.ADDRESS + reverse("email_confirm", args=[token])}
        get_adapter(request).send_mail("account/email/email_confirm", email, link)
        return render(request, "account/email_asked.html", {"email": email})
    status = 422 if form.is_bound else 200
    return render(request, "account/email_change.html", {"form": form, "email": user.email}, status=status)


@signed_in
@requires_recent_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def email_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link that went to the new address; works once, within a day, for who asked."""
    user: Any = request.user
    email = _asked_for(user, token)
    refused = "" if email else "This link no longer works."
    if email and request.method == "POST":
        try:
            former = change_email(user=user, email=email, at=timezone.now())
        except RecoveryRefused as fault:
            refused = str(fault)
        else:
            tell_of_new_email(request, user, former)
            messages.success(request, "You sign in with the new address from now on.")
            return redirect("sign_ins")
    status = 422 if refused and request.method == "POST" else 200
    return render(request, "account/email_confirm.html", {"email": email, "refused": refused}, status=status)


def tell_of_new_email(request: HttpRequest, user: User, former: str) -> None:
    """Both addresses."""
    for address in (former, user.email):
        get_adapter(request).send_notification_mail("account/email/email_changed", user, email=address)


def _asked_for(user: User, token: str) -> str:
    """The address that this link brings; empty for another person's link, and once the address was changed."""
    try:
        user_id, former, email = signing.loads(token, salt=LINK, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return ""
    return str(email) if (user_id, former) == (str(user.pk), user.email) else ""


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    """The library's, which would also remove the last second factor where one is required."""

    template_name = "mfa/webauthn/remove.html"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponseBase:
        passkey: Authenticator = self.get_object()
        if not MfaAdapter().can_delete_authenticator(passkey):
            messages.error(self.request, MfaAdapter.error_messages["cannot_delete_authenticator"])
            return redirect("mfa_index")
        answer: HttpResponseBase = super().form_valid(form)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_enabled": is_mfa_enabled(self.request.user)}


passkey_remove = signed_in(require_http_methods(["GET", "HEAD", "POST"])(RemovePasskey.as_view()))
