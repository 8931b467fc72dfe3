"""How the settings of filing are typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms

from billing.operations.filing_settings import AddressValues, FilingWrong, ProviderValues, ReceiverValues, RouteValues
from billing.rules.filing import (
    FILING_CODES,
    MOST_DAYS,
    QUALIFIERS,
    Faults,
    bare_digits,
    clinic_faults,
    provider_faults,
    receiver_faults,
    route_faults,
)
from registry.forms.fields import ChoiceOf, TextField

TAX_KINDS = (("EI", "Employer id (EIN)"), ("SY", "Social security number"))
SERVICE_DAYS = (("month_end", "Last day of the month"), ("threshold", "Day on which the minutes were reached"))
_DAYS = f"Enter a number of days from 1 to {MOST_DAYS:,}."
WHOLE = dict.fromkeys(("invalid", "required", "min_value", "max_value"), _DAYS)


class SettingForm(forms.Form):
    """A form whose faults come from the operation, each at its field. `rows` says which stand side by side."""

    rows: tuple[tuple[str, ...], ...] = ()
    digits: tuple[str, ...] = ()
    capitals: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        for name, sentence in self.faults_in({}).items():
            self.fields[name].error_messages["required"] = sentence

    def faults_in(self, values: Mapping[str, Any]) -> Faults:
        """What is wrong by the form of it, by field."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Numbers as people copy them lose their blanks and dashes; states and codes stand in capitals."""
        values = super().clean() or self.cleaned_data
        for name in self.digits:
            values[name] = bare_digits(values.get(name, ""))
        for name in self.capitals:
            values[name] = values.get(name, "").upper()
        for name, sentence in self.faults_in(values).items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return values

    def take(self, fault: FilingWrong) -> None:
        """Say what the operation found, where it found it."""
        for name, sentence in fault.faults.items():
            self.add_error(name, sentence)

    @property
    def laid_out(self) -> list[list[forms.BoundField]]:
        return [[self[name] for name in row] for row in self.rows]


class ProviderForm(SettingForm):
    """Who files: name, numbers, street, and who may be called about a file."""

    rows = (
        ("name", "given_name"),
        ("npi",),
        ("tax_id", "tax_id_kind"),
        ("taxonomy",),
        ("address", "city"),
        ("state", "postal_code"),
        ("submitter_name", "submitter_id"),
        ("contact_name", "contact_phone"),
        ("is_test",),
    )
    digits = ("npi", "tax_id", "postal_code", "contact_phone")
    capitals = ("state", "taxonomy")
    name = TextField(
        required=True, label="Name on claims", max_length=60, help_text="As it is registered with the NPI."
    )
    given_name = TextField(
        label="Given name, if a person bills alone",
        max_length=35,
        help_text="Only for a practitioner who bills under their own NPI: the name before is then the family name.",
    )
    npi = TextField(
        required=True, label="NPI of the practice", max_length=20, help_text="Ten digits; the last one is checked."
    )
    taxonomy = TextField(
        label="Taxonomy code", max_length=10, help_text="Where payers ask for it. Ten characters: 207Q00000X."
    )
    tax_id = TextField(required=True, label="Tax id", max_length=20, help_text="Nine digits, as the payers know it.")
    tax_id_kind = ChoiceOf(label="Which number it is", choices=TAX_KINDS, missing="Choose which number it is.")
    address = TextField(required=True, label="Street", max_length=55, help_text="A street: no post office box here.")
    city = TextField(required=True, label="City", max_length=30)
    state = TextField(required=True, label="State", max_length=2, help_text="Two letters.")
    postal_code = TextField(required=True, label="ZIP code", max_length=12, help_text="All nine digits: 80202-1234.")
    submitter_name = TextField(
        required=True, label="Who sends the files", max_length=60, help_text="Mostly the practice itself."
    )
    submitter_id = TextField(
        required=True, label="Sender’s id", max_length=15, help_text="By which the clearinghouse knows the sender."
    )
    contact_name = TextField(required=True, label="Whom to call about a file", max_length=60)
    contact_phone = TextField(required=True, label="Phone", max_length=20, help_text="Ten digits.")
    is_test = forms.BooleanField(
        label="Files are tests",
        required=False,
        help_text="Leave this on until the clearinghouse has passed your test files. Tests are never paid.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, stored: Any) -> None:
        names = [name for row in self.rows for name in row]
        known = {name: getattr(stored, name) for name in names} if stored else {"tax_id_kind": "EI", "is_test": True}
        super().__init__(data, initial=known)

    def faults_in(self, values: Mapping[str, Any]) -> Faults:
        return provider_faults(values)

    @property
    def values(self) -> ProviderValues:
        """What the operation takes."""
        return ProviderValues(**self.cleaned_data)


class ClinicAddressForm(SettingForm):
    """Where one clinic sees patients."""

    rows = (("address", "city"), ("state", "postal_code"))
    digits = ("postal_code",)
    capitals = ("state",)
    address = TextField(label="Street", max_length=55, help_text="A street: no post office box here.")
    city = TextField(label="City", max_length=30)
    state = TextField(label="State", max_length=2, help_text="Two letters.")
    postal_code = TextField(label="ZIP code", max_length=12, help_text="All nine digits: 80202-1234.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, stored: Any) -> None:
        names = [name for row in self.rows for name in row]
        super().__init__(data, initial={name: getattr(stored, name) for name in names})

    def faults_in(self, values: Mapping[str, Any]) -> Faults:
        return clinic_faults(values)

    @property
    def values(self) -> AddressValues:
        """What the operation takes."""
        return AddressValues(**self.cleaned_data)


class ReceiverForm(SettingForm):
    """A clearinghouse, as its agreement names it and the practice."""

    rows = (
        ("name",),
        ("receiver_id", "receiver_qualifier"),
        ("application_id",),
        ("sender_id", "sender_qualifier"),
        ("submitter_id",),
        ("is_test",),
        ("is_in_use",),
    )
    name = TextField(required=True, label="Name", max_length=60)
    receiver_id = TextField(required=True, label="Receiver id", max_length=15, help_text="ISA08 in its agreement.")
    receiver_qualifier = forms.ChoiceField(label="Kind of receiver id", choices=QUALIFIERS, help_text="ISA07.")
    application_id = TextField(
        required=True, label="Application id", max_length=15, help_text="GS03; often the receiver id again."
    )
    sender_id = TextField(
        required=True, label="Our sender id", max_length=15, help_text="ISA06: how it knows the practice."
    )
    sender_qualifier = forms.ChoiceField(label="Kind of sender id", choices=QUALIFIERS, help_text="ISA05.")
    submitter_id = TextField(
        label="Submitter’s id here",
        max_length=15,
        help_text="Where this agreement names another one than the billing provider’s settings do.",
    )
    is_test = forms.BooleanField(
        label="Its files are tests",
        required=False,
        help_text="Leave this on until this clearinghouse has passed your test files. Tests are never paid.",
    )
    is_in_use = forms.BooleanField(
        label="In use", required=False, help_text="Off: kept for its earlier files, and no payer’s claims go there."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, stored: Any) -> None:
        names = [name for row in self.rows for name in row]
        fresh = {"receiver_qualifier": "ZZ", "sender_qualifier": "ZZ", "is_in_use": True, "is_test": True}
        super().__init__(data, initial={name: getattr(stored, name) for name in names} if stored else fresh)

    def faults_in(self, values: Mapping[str, Any]) -> Faults:
        return receiver_faults(values)

    @property
    def values(self) -> ReceiverValues:
        """What the operation takes."""
        return ReceiverValues(**self.cleaned_data)


class RouteForm(SettingForm):
    """How one payer is filed with."""

    rows = (
        ("receiver_id", "payer_identifier"),
        ("filing_code", "service_day"),
        ("filing_days", "corrected_days", "appeal_days"),
        ("address", "city"),
        ("state", "postal_code"),
    )
    digits = ("postal_code",)
    capitals = ("state",)
    receiver_id = forms.TypedChoiceField(label="Clearinghouse", required=False, coerce=UUID, empty_value=None)
    payer_identifier = TextField(
        label="Payer id",
        max_length=20,
        help_text="By which this clearinghouse knows it; see its payer list.",
    )
    filing_code = forms.ChoiceField(label="Kind of insurance", choices=FILING_CODES)
    service_day = forms.ChoiceField(
        label="Claims are dated", choices=SERVICE_DAYS, help_text="One day stands for the month. Medicare takes either."
    )
    filing_days = forms.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        label="Days to file",
        help_text="From the day of service. Medicare: 365.",
        error_messages=WHOLE,
    )
    corrected_days = forms.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        label="Days for corrected claims",
        help_text="Likewise from the day of service.",
        error_messages=WHOLE,
    )
    appeal_days = forms.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        label="Days to appeal",
        help_text="From the remittance. Medicare: 120.",
        error_messages=WHOLE,
    )
    address = TextField(label="Payer’s street or box", max_length=55, help_text="For the printed sheet. May be empty.")
    city = TextField(label="City", max_length=30)
    state = TextField(label="State", max_length=2)
    postal_code = TextField(label="ZIP code", max_length=12)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        stored: Any,
        receivers: Iterable[Any],
        takes_mbi: bool,
    ) -> None:
        names = [name for row in self.rows for name in row]
        fresh = {"filing_code": "MB" if takes_mbi else "CI", "service_day": "month_end"}
        days = {"filing_days": 365, "corrected_days": 365, "appeal_days": 120 if takes_mbi else 180}
        known = {name: getattr(stored, name) for name in names} if stored else fresh | days
        super().__init__(data, initial=known)
        offered = [(str(one.id), one.name) for one in receivers if one.is_in_use or one.id == known.get("receiver_id")]
        receiver = self.fields["receiver_id"]
        assert isinstance(receiver, forms.TypedChoiceField)
        receiver.choices = [("", "Not decided yet"), *offered]
        if len(offered) == 1 and stored is None:
            receiver.initial = offered[0][0]

    def faults_in(self, values: Mapping[str, Any]) -> Faults:
        return route_faults(values) if values else {}

    @property
    def values(self) -> RouteValues:
        """What the operation takes."""
        return RouteValues(**self.cleaned_data)
