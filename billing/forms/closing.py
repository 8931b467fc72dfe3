"""What the page of a month's close is asked with."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django import forms

from bhi.tenancy.ids import uuid7
from registry.forms.fields import TextField, TokenField


class CloseForm(forms.Form):
    """Closing; the token is made with the form, so that a second submit closes nothing anew."""

    client_token = TokenField()
    note = TextField(
        label="Note",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed while exceptions are open: why the month closes all the same.",
    )

    @classmethod
    def fresh(cls) -> CloseForm:
        return cls(initial={"client_token": uuid7()})


class CloseAllForm(CloseForm):
    """Closing at several clinics at once."""

    clinics = forms.TypedMultipleChoiceField(
        coerce=UUID,
        error_messages={"required": "Choose at least one clinic.", "invalid_choice": "Choose from the list."},
    )
    field_order = ("clinics",)

    def __init__(self, *args: object, clinics: Iterable[UUID], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["clinics"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(str(id_), str(id_)) for id_ in clinics]

    @classmethod
    def fresh(cls, clinics: Iterable[UUID] = ()) -> CloseAllForm:
        chosen = list(clinics)
        return cls(initial={"client_token": uuid7(), "clinics": chosen}, clinics=chosen)

    def chosen(self) -> set[UUID]:
        """The clinics that are ticked, as typed or as proposed."""
        if not self.is_bound:
            return set(self.initial["clinics"])
        return set(self.cleaned_data.get("clinics", ()))


class ExceptionForm(forms.Form):
    """Who sees to an exception, and what came of it."""

    kind = forms.CharField(max_length=30, widget=forms.HiddenInput)
    episode = forms.UUIDField(required=False, widget=forms.HiddenInput)
    about = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    owner = forms.TypedChoiceField(label="Who sees to it", required=False, coerce=UUID, empty_value=None)
    note = TextField(label="Note", max_length=500)
    is_settled = forms.BooleanField(label="Settled", required=False)

    def __init__(self, *args: object, people: Iterable[tuple[UUID, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        owner = self.fields["owner"]
        assert isinstance(owner, forms.TypedChoiceField)
        owner.choices = [("", "Nobody yet"), *((str(id_), name) for id_, name in people)]

    @property
    def key(self) -> tuple[str, UUID | None, str]:
        values = self.cleaned_data
        return values["kind"], values["episode"], values["about"]


class TreatedForm(forms.Form):
    """Who treated in a closed month, where the close kept somebody else, and how that is known."""

    clinician = forms.TypedChoiceField(
        label="Who treated the patient in that month",
        coerce=UUID,
        empty_value=None,
        error_messages={"required": "Choose who treated.", "invalid_choice": "Choose from the list."},
    )
    because = TextField(label="Why", max_length=300, required=True, missing="Say why, in a few words.")

    def __init__(self, *args: object, clinicians: Iterable[tuple[UUID, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["clinician"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", "Choose"), *((str(id_), name) for id_, name in clinicians)]


class BecauseForm(forms.Form):
    """Why a month is to be opened again, or corrected."""

    because = TextField(label="Why", max_length=300, required=True, missing="Say why, in a few words.")
    episode = forms.UUIDField(required=False, widget=forms.HiddenInput)
