"""allauth's forms of passkeys, for which a credential that is none is a fault of the sender's, not of ours."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn import forms as library
from django.core.exceptions import ValidationError

# What fido2 raises over JSON of another shape, besides ValueError.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
SENTENCE = "The passkey could not be used. Try again."


class _Checked:
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except ValidationError:
            raise
        except MALFORMED:
            raise ValidationError(SENTENCE) from None


class LoginForm(_Checked, library.LoginWebAuthnForm):  # type: ignore[misc]
    """Instead of a password."""


class AuthenticateForm(_Checked, library.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """After a password."""


class ReauthenticateForm(_Checked, library.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Once more."""


class AddForm(library.AddWebAuthnForm):  # type: ignore[misc]
    """A new one."""

    def clean(self) -> Any:
        try:
            return super().clean()
        except ValidationError:
            raise
        except MALFORMED:
            raise ValidationError(SENTENCE) from None
