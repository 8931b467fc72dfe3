"""Who is invited as what, and what is changed of a seat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from bhi.accounts.models import CredentialKind, User
from bhi.accounts.operations.credentials import CredentialValues
from bhi.accounts.operations.invitations import Invited
from bhi.tenancy.models import Role

_NAME = {"required": "Enter the name.", "max_length": "This is longer than 200 characters. Shorten it."}
_SHORT = {"max_length": "This is longer than 40 characters. Shorten it."}
_EMAIL = {"required": "Enter the e-mail address.", "invalid": "Enter an e-mail address, such as name@clinic.org."}
_DAY = {"invalid": "Enter a day that exists, as year-month-day: 2026-10-12.", "required": "Enter the day."}
_ROLES = {"required": "Choose at least one role.", "invalid_choice": "Choose from the list."}
_CLINICS = {"invalid_choice": "This clinic is not there any more. Choose from the list."}


def _day(label: str, *, required: bool = False, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, error_messages=_DAY, help_text=help_text)


class AccessForm(forms.Form):
    """Roles and clinics of a seat. No clinic ticked: all of them, those of the future too."""

    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_ROLES,
        help_text="Minutes count as those of a care manager, else of a treating clinician, else of a psychiatric "
        "consultant; with none of these roles as clinical staff’s.",
    )
    clinics = forms.MultipleChoiceField(
        label="Only these clinics",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_CLINICS,
        help_text="None ticked: all clinics, also those added later.",
    )

    def __init__(self, *args: Any, clinics: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinics"].choices = list(clinics)  # type: ignore[attr-defined]

    @property
    def role_values(self) -> tuple[Role, ...]:
        return tuple(Role(role) for role in self.cleaned_data["roles"])

    @property
    def clinic_ids(self) -> frozenset[UUID]:
        return frozenset(UUID(clinic) for clinic in self.cleaned_data["clinics"])


class InvitationForm(AccessForm):
    """Who is asked to come."""

    email = forms.EmailField(label="E-mail", max_length=254, error_messages=_EMAIL)
    name = forms.CharField(label="Name", max_length=200, error_messages=_NAME)
    credential = forms.CharField(
        label="Credential", required=False, max_length=40, error_messages=_SHORT, help_text="LCSW, RN, MD"
    )
    seat = forms.ChoiceField(
        label="Take over the work of",
        required=False,
        error_messages={"invalid_choice": "This seat is somebody’s by now. Choose another, or nobody’s."},
        help_text="Somebody whose work is on record already, from an import, and who has not signed in so far.",
    )
    field_order = ["email", "name", "credential", "seat", "roles", "clinics"]

    def __init__(self, *args: Any, free_seats: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seat"].choices = [("", "Nobody’s: a new seat"), *free_seats]  # type: ignore[attr-defined]

    @property
    def invited(self) -> Invited:
        """Call once valid."""
        values = self.cleaned_data
        return Invited(
            email=values["email"],
            name=values["name"],
            roles=self.role_values,
            credential=values["credential"],
            clinics=self.clinic_ids,
            seat_id=UUID(values["seat"]) if values["seat"] else None,
        )


class PersonForm(forms.Form):
    """What a seat is called."""

    name = forms.CharField(label="Name", max_length=200, error_messages=_NAME)
    credential = forms.CharField(label="Credential", required=False, max_length=40, error_messages=_SHORT)


class CredentialForm(forms.Form):
    """A license or a training."""

    kind = forms.ChoiceField(label="What", choices=CredentialKind.choices)
    name = forms.CharField(
        label="Which",
        max_length=100,
        error_messages={"required": "Enter which: LCSW, RN, or what the training was.", "max_length": "Shorten it."},
        help_text="LCSW, RN, MD; or what the training was",
    )
    state = forms.CharField(
        label="State", required=False, max_length=2, error_messages={"max_length": "Two letters: IL."}
    )
    number = forms.CharField(label="Number", required=False, max_length=40, error_messages=_SHORT)
    from_on = _day("Since", required=True)
    until_on = _day("Last day", help_text="Empty: it does not end")

    @property
    def values(self) -> CredentialValues:
        """Call once valid."""
        said = self.cleaned_data
        return CredentialValues(
            kind=CredentialKind(said["kind"]),
            name=said["name"],
            from_on=said["from_on"],
            until_on=said["until_on"],
            number=said["number"],
            state=said["state"],
        )


class VoidForm(forms.Form):
    """Why a credential was wrong."""

    reason = forms.CharField(
        label="Why it was wrong",
        max_length=300,
        error_messages={"required": "Say what was wrong with it.", "max_length": "Shorten it to 300 characters."},
    )


class LeaveForm(forms.Form):
    """Days away."""

    from_on = _day("First day away", required=True)
    until_on = _day("Last day away", help_text="Empty: not known yet")

    def __init__(self, *args: Any, today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if today:
            self.initial.setdefault("from_on", today)


class NewcomerForm(forms.Form):
    """Name and password of somebody who comes for the first time."""

    name = forms.CharField(
        label="Your name", max_length=200, error_messages=_NAME, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password1 = forms.CharField(
        label="Password",
        strip=False,
        help_text="12 characters or more. Several words are good.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )
    password2 = forms.CharField(
        label="The same password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter the password again."},
    )

    def __init__(self, *args: Any, email: str, has_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        if not has_password:
            del self.fields["password1"], self.fields["password2"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, second = values.get("password1"), values.get("password2")
        if first and second and first != second:
            self.add_error("password2", "The two passwords differ. Enter the same one twice.")
        if first:
            try:
                validate_password(first, User(email=self.email, name=values.get("name", "")))
            except ValidationError as fault:
                self.add_error("password1", fault)
        return values


class OrganizationForm(forms.Form):
    """A new organization and its first admin."""

    name = forms.CharField(label="Name of the organization", max_length=200, error_messages=_NAME)
    slug = forms.SlugField(
        label="Short name in addresses",
        max_length=60,
        help_text="Letters, digits and hyphens, such as cedar-hill. It cannot be changed.",
        error_messages={
            "required": "Enter a short name.",
            "invalid": "Use letters, digits and hyphens only.",
            "max_length": "This is longer than 60 characters. Shorten it.",
        },
    )
    admin_name = forms.CharField(label="First admin’s name", max_length=200, error_messages=_NAME)
    admin_email = forms.EmailField(label="First admin’s e-mail", max_length=254, error_messages=_EMAIL)


class AdminForm(forms.Form):
    """Another admin of an organization."""

    admin_name = forms.CharField(label="Name", max_length=200, error_messages=_NAME)
    admin_email = forms.EmailField(label="E-mail", max_length=254, error_messages=_EMAIL)
