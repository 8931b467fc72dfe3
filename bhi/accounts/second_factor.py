"""Whether somebody signed in with a second factor, and where they get one.

45 CFR 164.312(d). In production nobody gets further than to the pages that set one up (BHI_REQUIRE_MFA).
"""

from __future__ import annotations

from typing import Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.urls import reverse

MARK: Final = "bhi.second_factor"
TRUSTED: Final = "bhi.factor_of_provider"  # asked for by an identity provider, not by us
# What sets a second factor up or asks for it, and what such a page needs.
WITHOUT_ONE: Final = frozenset({
    *("account_logout", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_index"),
    *("mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
    *("unlock", "session_state", "session_here", "confirm"),
})  # fmt: skip
OF_THEIR_OWN: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def mark(request: HttpRequest) -> None:
    """This session has had its second factor: set up just now, or asked for by an identity provider that is trusted."""
    request.session[MARK] = True


def is_in_session(request: HttpRequest) -> bool:
    """Read from the session alone, as every request asks."""
    if request.session.get(MARK):
        return True
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def where_to(request: HttpRequest) -> str:
    """The page on which this person uses the factor that they have, else the one that sets one up."""
    kinds = set(
        Authenticator.objects.filter(user_id=request.user.pk, type__in=OF_THEIR_OWN).values_list("type", flat=True)
    )
    if Authenticator.Type.TOTP in kinds:
        return reverse("mfa_reauthenticate")
    return reverse("mfa_reauthenticate_webauthn" if kinds else "mfa_index")
