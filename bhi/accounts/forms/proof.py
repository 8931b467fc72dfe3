"""Proving again who one is: by password, by passkey, or by a code where there is no password."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django import forms
from django.http import HttpRequest, QueryDict

from bhi.accounts import reach
from bhi.accounts.forms import passkeys

FIELDS: Final = ("proof_password", "proof_code", "proof_credential")


@dataclass(frozen=True)
class Ways:
    """How a person can prove who they are."""

    password: bool
    code: bool
    passkey: bool

    @property
    def any(self) -> bool:
        return self.password or self.code or self.passkey


def ways_of(user: Any, *, began_elsewhere: bool = False) -> Ways:
    """A code, too, of somebody who came by their organization's provider: they may not know a password of ours."""
    kinds = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    has_password = user.has_usable_password()
    return Ways(
        password=has_password,
        code=(began_elsewhere or not has_password) and Authenticator.Type.TOTP in kinds,
        passkey=Authenticator.Type.WEBAUTHN in kinds,
    )


class ProofForm(forms.Form):
    """One of the three; each by the library's own form, with its limits and its records."""

    proof_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    proof_code = forms.CharField(
        label="Code from your authenticator app",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    proof_credential = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: Any = request.user
        self.ways = ways_of(request.user, began_elsewhere=reach.AT in request.session)
        for name, is_there in (("proof_password", self.ways.password), ("proof_code", self.ways.code)):
            if not is_there:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("proof_credential") and self.ways.passkey:
            self._by_passkey(given["proof_credential"])
        elif given.get("proof_code"):
            self._by("proof_code", ReauthenticateForm(user=self.user, data={"code": given["proof_code"]}))
        elif given.get("proof_password"):
            self._by_password(given["proof_password"])
        elif not self.errors:
            self.add_error(next(iter(self.fields)), "Enter this to go on.")
        return given

    @property
    def organization_to_ask(self) -> str:
        """The short name of the organization at whose provider this session began and that can say when it asked."""
        return "" if self.is_silent else str(self.request.session.get(reach.AT, ""))

    @property
    def is_silent(self) -> bool:
        """Whether the provider does not say when it asked: then it cannot confirm anybody."""
        return bool(self.request.session.get(reach.IS_SILENT))

    @property
    def next_page(self) -> str:
        """Where to go on after asking there: the page that was asked for. A form that was sent waits in its own tab."""
        return self.request.GET.get("next") or (self.request.get_full_path() if self.request.method == "GET" else "")

    def passkey_options(self) -> str:
        """What the browser asks the passkey for, as JSON; a new challenge each time."""
        return json.dumps(dict(begin_authentication(self.user))) if self.ways.passkey else ""

    def _by_password(self, password: str) -> None:
        if get_adapter(self.request).reauthenticate(self.user, password):
            reauthenticate_by_password(self.request)
        else:
            self.add_error("proof_password", "This password is not right.")

    def _by_passkey(self, text: str) -> None:
        self._by("proof_credential", passkeys.ReauthenticateForm(user=self.user, data={"credential": text}))

    def _by(self, field: str, form: Any) -> None:
        if form.is_valid():
            form.save()
        else:
            self.add_error(None if field == "proof_credential" else field, "That did not work. Try again.")


def carried(posted: QueryDict) -> list[tuple[str, str]]:
    """What was typed, to be sent again once it is known who sends it."""
    kept = {*FIELDS, "csrfmiddlewaretoken"}
    return [(name, value) for name, values in posted.lists() if name not in kept for value in map(str, values)]


def without_proof(posted: QueryDict) -> QueryDict:
    """What the view gets to see: never a password that was typed on the way."""
    rest = posted.copy()
    for name in FIELDS:
        rest.pop(name, None)
    rest._mutable = False
    return rest
