"""Why somebody's access ends although work is left."""

from typing import Any

from django import forms

_NEEDED = "Give the work above to colleagues first, or say why it cannot wait."


class EndOfWorkForm(forms.Form):
    """`has_left`: something would lie with nobody, so that a reason is asked for."""

    reason = forms.CharField(
        label="Why it cannot wait",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "This is longer than 300 characters. Shorten it."},
        help_text="Their access ends at once; what is left stays in their name until somebody takes it over.",
    )

    def __init__(self, *args: Any, has_left: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = has_left
        self.fields["reason"].error_messages["required"] = _NEEDED
