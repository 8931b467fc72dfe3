"""Where an organization's people sign in, and by which organization somebody signs in."""

from __future__ import annotations

from typing import Any

from django import forms

from bhi.accounts.issuers import ProviderUnreachable, address_fault, configuration_of
from bhi.accounts.locking import LEAST_MINUTES, MOST_MINUTES
from bhi.accounts.models import SingleSignOn
from bhi.accounts.operations.single_sign_on import SignOnValues


class WhereForm(forms.Form):
    """By which organization."""

    where = forms.CharField(
        label="Work e-mail, or your organization's short name",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Enter your work e-mail address."},
    )


class DomainForm(forms.Form):
    """A mail domain of an organization, and how that was found out."""

    domain = forms.CharField(
        label="Mail domain",
        max_length=101,
        help_text="What comes after the @ in its people's addresses.",
        error_messages={"required": "Enter the domain.", "max_length": "This is longer than 100 characters."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    proof = forms.CharField(
        label="How you know that it is theirs",
        min_length=10,
        max_length=300,
        help_text="A record that they set in the domain's DNS, a call to a number you knew: what, and with whom.",
        error_messages={
            "required": "Say how it was proved.",
            "min_length": "Say it in a few words more.",
            "max_length": "This is longer than 300 characters. Shorten it.",
        },
    )


class IdleForm(forms.Form):
    """After how many idle minutes screens lock."""

    minutes = forms.TypedChoiceField(
        label="Lock a screen when nothing was done for",
        coerce=int,
        choices=[(number, f"{number} minutes") for number in range(MOST_MINUTES, LEAST_MINUTES - 1, -1)],
        error_messages={"required": "Choose how long.", "invalid_choice": "Choose from 5 to 15 minutes."},
    )


class SignOnForm(forms.Form):
    """An organization's own identity provider."""

    issuer = forms.CharField(
        label="Issuer",
        max_length=300,
        help_text="The address by which your provider calls itself, such as https://login.clinic.org.",
        error_messages={"required": "Enter the issuer's address."},
        widget=forms.URLInput(attrs={"inputmode": "url"}),
    )
    client_id = forms.CharField(
        label="Client id",
        max_length=200,
        help_text="What the provider calls this application.",
        error_messages={"required": "Enter the client id."},
    )
    secret = forms.CharField(
        label="Client secret",
        max_length=500,
        error_messages={"required": "Enter the client secret."},
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    domains = forms.CharField(
        label="E-mail domains",
        max_length=1000,
        help_text="What comes after the @ in your people's addresses. Several with commas.",
        error_messages={"required": "Enter at least one domain."},
    )
    is_in_use = forms.BooleanField(label="In use", required=False)
    trusts_its_factors = forms.BooleanField(
        label="The provider asks everybody for a second factor",
        required=False,
        help_text="Then we ask for none of ours. Tick it only if the provider enforces this for every person here.",
    )
    is_required = forms.BooleanField(
        label="Required",
        required=False,
        help_text="Passwords open this organization for admins only, who come in when the provider is away.",
    )

    def __init__(self, *args: Any, has_secret: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"].help_text = (
            "Kept, and not shown. Leave empty to keep it." if has_secret else "It is kept sealed and never shown again."
        )
        self.fields["secret"].required = not has_secret

    @classmethod
    def of(cls, row: SingleSignOn | None) -> SignOnForm:
        if row is None:
            return cls(has_secret=False, initial={"is_in_use": True})
        known = {name: getattr(row, name) for name in ("issuer", "client_id", "is_in_use", "is_required")}
        known |= {"domains": ", ".join(row.email_domains), "trusts_its_factors": row.trusts_its_factors}
        return cls(has_secret=bool(row.secret), initial=known)

    def clean_issuer(self) -> str:
        """As the provider itself writes it, asked just now."""
        typed: str = self.cleaned_data["issuer"].strip()
        if fault := address_fault(typed):
            raise forms.ValidationError(fault)
        try:
            return str(configuration_of(typed)["issuer"])
        except ProviderUnreachable as fault:
            raise forms.ValidationError(f"{fault} Check the address.") from None

    @property
    def values(self) -> SignOnValues:
        given = self.cleaned_data
        parts = given["domains"].replace(";", ",").split(",")
        domains = {part.strip().lower().removeprefix("@") for part in parts if part.strip()}
        return SignOnValues(
            issuer=given["issuer"],
            client_id=given["client_id"],
            secret=given["secret"] or None,
            domains=tuple(sorted(domains)),
            is_required=given["is_required"],
            trusts_its_factors=given["trusts_its_factors"],
            is_in_use=given["is_in_use"],
        )
