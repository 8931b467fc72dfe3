"""allauth's second factors, as this product wants them."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from bhi.accounts.mfa_secrets import open_secret, seal_secret
from bhi.accounts.second_factor import OF_THEIR_OWN


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": "A second step is required here. Set up another one, then remove this one.",
        "incorrect_code": "This code is not right. Codes change every 30 seconds, and each works once.",
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Where a second factor is required, not the last one."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=OF_THEIR_OWN)
        return not settings.REQUIRE_MFA or others.exclude(pk=authenticator.pk).exists()

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Not asked of somebody just now whose identity provider asked for it (bhi.accounts.signing_on)."""
        if getattr(context.request, "factor_vouched_for", None) == user.pk and user.pk is not None:
            return False
        return bool(super().is_mfa_enabled(user, types))

    def encrypt(self, text: str) -> str:
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return open_secret(encrypted_text)

    def get_totp_issuer(self) -> str:
        return "BHI"

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002 - its name there
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return "Passkey" if count == 0 else f"Passkey {count + 1}"
