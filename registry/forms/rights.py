"""What a patient may ask of their record, and what may leave it, as typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from registry.forms.fields import ChoiceOf, DayField, TextField, TokenField
from registry.queries.rights_choices import BASES, DISCLOSURE_PURPOSES, PART_TWO_PURPOSES

_LINES = {"rows": 3}
EVERYTHING = "all"
ANYBODY = "My treating providers, health plans, and the people who help to run this program"


def _long(label: str, most: int, missing: str, **kwargs: Any) -> TextField:
    widget = forms.Textarea(attrs=_LINES)
    return TextField(label=label, max_length=most, required=bool(missing), missing=missing, widget=widget, **kwargs)


class CopyForm(forms.Form):
    """A request for a copy of the record."""

    client_token = TokenField(initial=uuid7)
    asked_on = DayField(label="Asked for on", required=True)
    asked_by = TextField(
        label="Asked for by",
        max_length=200,
        required=True,
        missing="Say who asked: the patient, or who asks for them and by what right.",
        help_text="The patient, or a representative and by what right, such as “mother, parent of a minor”.",
    )
    from_on = DayField(label="From", help_text="Empty: from the beginning.")
    until_on = DayField(label="Until", help_text="Empty: until today.")


class GiveForm(forms.Form):
    """The copy reached whoever asked for it."""

    given_on = DayField(label="Given on", required=True)


class DisclosureForm(forms.Form):
    """Something of the record that was told outside."""

    client_token = TokenField(initial=uuid7)
    on = DayField(label="Disclosed on", required=True)
    recipient = TextField(label="To whom", max_length=200, required=True, missing="Name who received it.")
    recipient_address = TextField(label="Address, if known", max_length=300)
    what = TextField(label="What", max_length=300, required=True, missing="Say what was disclosed.")
    purpose = forms.ChoiceField(label="What for", choices=DISCLOSURE_PURPOSES)
    why = TextField(label="Why, in a sentence", max_length=300, help_text="Or the written request that it answers.")
    consent = forms.ChoiceField(label="Consent under 42 CFR part 2", required=False)

    def __init__(self, data: Any = None, *, consents: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["purpose"].error_messages |= {"required": "Choose what for.", "invalid_choice": "Choose what for."}
        self.fields["consent"].choices = [("", "None"), *consents]  # type: ignore[attr-defined]
        if not consents:
            self.fields["consent"].widget = forms.HiddenInput()


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = TextField(label="Why", max_length=300, required=True, missing="Say why it is taken back.")


class MarkForm(forms.Form):
    """Records of a substance use disorder program in the record."""

    client_token = TokenField(initial=uuid7)
    program_name = TextField(
        label="Program", max_length=200, required=True, missing="Name the program that the records come from."
    )
    what = TextField(label="What of the record came from there", max_length=300)
    from_on = DayField(label="In the record since", required=True)


class PartTwoConsentForm(forms.Form):
    """A signed consent, with what 42 CFR 2.31 asks of it."""

    client_token = TokenField(initial=uuid7)
    purpose = forms.ChoiceField(label="What for", choices=PART_TWO_PURPOSES)
    purpose_text = TextField(label="The purpose, if it is another", max_length=300)
    also = forms.MultipleChoiceField(
        label="Further purposes on the same paper",
        choices=PART_TWO_PURPOSES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    discloser = TextField(label="Who may disclose", max_length=200, required=True, missing="Name who may disclose.")
    recipient = TextField(label="To whom", max_length=300, required=True, missing="Name to whom.", initial=ANYBODY)
    what = TextField(label="What may be disclosed", max_length=300, required=True, missing="Say what may be disclosed.")
    signed_on = DayField(label="Signed on", required=True)
    signed_by_name = TextField(
        label="Signed by", max_length=200, required=True, missing="Name the patient, or who signed for them."
    )
    until_on = DayField(label="Ends on")
    until_event = TextField(
        label="Or ends with", max_length=200, help_text="An event. “None” where it is for all future care."
    )
    says_rights = forms.BooleanField(
        label="The paper says how to revoke it, and that what is disclosed may be disclosed further",
        error_messages={
            "required": "A consent without this does not count: 42 CFR 2.31(a). Have one signed that says it."
        },
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["purpose"].error_messages |= {"required": "Choose what for.", "invalid_choice": "Choose what for."}
        self.fields["also"].error_messages |= {"invalid_choice": "Choose from the list."}


class RevokeForm(forms.Form):
    """A patient takes a consent back."""

    revoked_on = DayField(label="Revoked on", required=True)
    how = TextField(
        label="How", max_length=200, required=True, missing="Say how: in writing, on the telephone, in person."
    )


class AmendForm(forms.Form):
    """A request to amend the record."""

    client_token = TokenField(initial=uuid7)
    asked_on = DayField(label="Asked on", required=True)
    what = _long("What should be amended, and why", 4000, "Say what the patient wants amended, and why.")


class AnswerForm(forms.Form):
    """The answer to a request to amend."""

    is_accepted = ChoiceOf(
        label="The record is",
        choices=(("yes", "Amended"), ("no", "Left as it is")),
        missing="Choose whether the record is amended.",
    )
    answered_on = DayField(label="Answered on", required=True)
    answer = _long("What the patient is told", 4000, "Write what the patient is told, in plain words.")
    changed = TextField(label="If amended: what was changed, and where", max_length=300)
    basis = forms.ChoiceField(label="If not: why", choices=(("", "Choose"), *BASES), required=False)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["basis"].error_messages |= {"invalid_choice": "Choose from the list."}


class ExtendForm(forms.Form):
    """Thirty days more for the answer."""

    because = TextField(label="Why it takes longer", max_length=300, required=True, missing="Say why it takes longer.")


class DisagreeForm(forms.Form):
    """The patient's statement against a denial."""

    statement = _long("The patient’s statement", 4000, "Enter the patient’s statement.")


class NoticeForm(forms.Form):
    """The notice to patients of a program was given."""

    client_token = TokenField(initial=uuid7)
    given_on = DayField(label="Given on", required=True)
    how = TextField(label="How", max_length=200, required=True, missing="Say how: on paper, by e-mail, read aloud.")


class ProgramForm(forms.Form):
    """The organization, or a clinic of it, is a substance use disorder program."""

    client_token = TokenField(initial=uuid7)
    clinic = forms.ChoiceField(label="Which")
    program_name = TextField(
        label="Name of the program", max_length=200, required=True, missing="Name the program, as patients know it."
    )
    since_on = DayField(label="Since", required=True)
    questions_to = TextField(
        label="Whom patients ask or complain to",
        max_length=300,
        required=True,
        missing="Name whom patients ask: the notice that they get says it.",
        help_text="Name or office, and telephone. It stands on the notice to patients.",
    )

    def __init__(self, data: Any = None, *, clinics: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["clinic"].choices = [(EVERYTHING, "The whole organization"), *clinics]  # type: ignore[attr-defined]
        self.fields["clinic"].error_messages |= {"required": "Choose which.", "invalid_choice": "Choose from the list."}


class WithholdForm(forms.Form):
    """Parts of the record that copies leave out."""

    client_token = TokenField(initial=uuid7)
    parts = forms.MultipleChoiceField(label="What is left out", widget=forms.CheckboxSelectMultiple)
    because = forms.ChoiceField(label="Why it may be")
    told = _long("What the patient is told", 1000, "Write what the patient is told, in plain words.")
    decided_by = TextField(label="Decided by", max_length=200, required=True, missing="Name who decided.")
    licensed_as = TextField(
        label="Their profession and license",
        max_length=100,
        help_text="Needed where it is about danger or harm: a licensed health care professional decides that.",
    )
    decided_on = DayField(label="Decided on", required=True)
    reviewer = TextField(
        label="Who reviews it if the patient asks",
        max_length=200,
        help_text="Needed where it is about danger or harm: a licensed professional who took no part.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        parts: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        grounds: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["parts"].choices = list(parts)  # type: ignore[attr-defined]
        self.fields["parts"].error_messages |= {
            "required": "Choose what is left out.",
            "invalid_choice": "Choose from the list.",
        }
        self.fields["because"].choices = [("", "Choose"), *grounds]  # type: ignore[attr-defined]
        self.fields["because"].error_messages |= {"required": "Choose why.", "invalid_choice": "Choose why."}
