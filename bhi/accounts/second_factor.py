"""Whether somebody signed in with a second factor, and where they get one.

45 CFR 164.312(d). In production nobody gets further than to the pages that set one up (BHI_REQUIRE_MFA).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

MARK: Final = "bhi.second_factor"
TRUSTED: Final = "bhi.factor_of_provider"  # asked for by an identity provider, not by us
# What sets a second factor up: for who has none at all. A password alone must not add one beside the one there is.
SETTING_UP: Final = frozenset({
    *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
})  # fmt: skip
# What asks for it, and what such a page needs.
ASKING: Final = frozenset({
    *("account_logout", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
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


def is_first(authenticator: Authenticator) -> bool:
    """Whether its person has no other factor."""
    return not of_their_own(authenticator.user_id).exclude(pk=authenticator.pk).exists()


def of_their_own(user_id: UUID | None) -> QuerySet[Authenticator]:
    factors: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user_id, type__in=OF_THEIR_OWN)
    return factors


def missing(request: HttpRequest, name: str) -> str:
    """The page where this person uses the factor that they have, or sets one up; empty where `name` needs neither."""
    if name in ASKING or is_in_session(request):
        return ""
    kinds = set(of_their_own(request.user.pk).values_list("type", flat=True))
    if not kinds and name in SETTING_UP:
        return ""
    if Authenticator.Type.TOTP in kinds:
        return reverse("mfa_reauthenticate")
    return reverse("mfa_reauthenticate_webauthn" if kinds else "mfa_index")
