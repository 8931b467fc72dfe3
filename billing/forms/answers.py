"""Choosing answers to upload, and saying what one of them means."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile

from billing.queries.answer_candidates import file_numbered
from billing.rules.x12.decoding import MOST_BYTES
from caseload.forms.imports import ManyFilesField

MOST_FILES = 50


class AnswersForm(forms.Form):
    """Answers come by the dozen: several may be chosen at once."""

    chosen = ManyFilesField(
        label="Answers: 999, 277CA or 835",
        help_text="As the clearinghouse or payer gave them, whatever they are called. 25 MB each at most.",
        error_messages={"required": "Choose the file."},
        allow_empty_file=True,  # Reading it says so, and names it.
        max_length=200,
    )

    def clean_chosen(self) -> list[UploadedFile[Any]]:
        chosen: list[UploadedFile[Any]] = self.cleaned_data["chosen"]
        if len(chosen) > MOST_FILES:
            raise forms.ValidationError(f"Choose {MOST_FILES} files at most at a time.")
        large = [file.name or "A file" for file in chosen if (file.size or 0) > MOST_BYTES]
        if large:
            raise forms.ValidationError(
                f"{large[0]} is larger than 25 MB. Ask the clearinghouse for it in parts, by day or by payment."
            )
        return chosen


class SearchForm(forms.Form):
    """Claims by what a person remembers of them."""

    words = forms.CharField(
        label="Find another claim",
        max_length=60,
        help_text="The family name, or the beginning of the claim’s number.",
        error_messages={"required": "Enter a family name or a claim number."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"].strip()
        if len(words) < 2:
            raise forms.ValidationError("Enter at least two letters.")
        return words


class AsideForm(forms.Form):
    """Why an answer is not about a claim of ours."""

    because = forms.CharField(
        label="Why it is not one of yours",
        max_length=300,
        help_text="For example: filed from the practice’s own system.",
        error_messages={"required": "Say in a few words why this is not one of yours."},
    )


class UndoForm(forms.Form):
    """Why what was said of an answer is taken back."""

    because = forms.CharField(
        label="Why it is taken back",
        max_length=300,
        help_text="For example: it is the claim of another patient of that name.",
        error_messages={"required": "Say in a few words why it is taken back."},
    )


class MeantForm(forms.Form):
    """Which claim is meant."""

    claim = forms.UUIDField(error_messages={"required": "Choose a claim.", "invalid": "Choose a claim."})


class FileMeantForm(forms.Form):
    """Which batch is meant: one of the last, or an older one by its number."""

    batch = forms.ChoiceField(label="Which batch", required=False, error_messages={"invalid_choice": "Choose a batch."})
    number = forms.IntegerField(
        label="Or an older one: its number",
        required=False,
        min_value=1,
        max_value=999_999_999,
        error_messages={"invalid": "Enter the batch’s number."},
    )

    def __init__(self, data: Any = None, *, batches: list[tuple[str, str]], organization_id: UUID) -> None:
        super().__init__(data)
        self._organization_id = organization_id
        choices: Any = [("", "Choose"), *batches]
        self.fields["batch"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """`batch_id` is the one that is meant."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen, number = cleaned.get("batch"), cleaned.get("number")
        if self.errors:
            return cleaned
        if bool(chosen) == bool(number):
            self.add_error("batch", "Choose a batch, or enter its number." if not chosen else "Choose one of the two.")
            return cleaned
        cleaned["batch_id"] = UUID(chosen) if chosen else file_numbered(self._organization_id, number or 0)
        if cleaned["batch_id"] is None:
            self.add_error("number", f"No batch {number} went out as an 837P. Look under Claims for its number.")
        return cleaned


class FileAsideForm(forms.Form):
    """Why all that is left of a file is not about claims of ours; `count` is how much of it the person saw."""

    because = forms.CharField(
        label="Why they are not yours",
        max_length=300,
        help_text="For example: filed from the practice’s own system.",
        error_messages={"required": "Say in a few words why these are not yours."},
    )
    count = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class UndoAsideForm(UndoForm):
    """Which of the acts in which something of a file was set aside is taken back, and why."""

    at_once = forms.ChoiceField(
        label="What was set aside",
        error_messages={"required": "Choose what to take back.", "invalid_choice": "Choose what to take back."},
    )
    field_order = ("at_once", "because")

    def __init__(self, data: Any = None, *, acts: list[tuple[str, str]]) -> None:
        super().__init__(data)
        choices: Any = acts
        self.fields["at_once"].choices = choices  # type: ignore[attr-defined]
