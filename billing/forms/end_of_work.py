"""Why somebody's access ends although work is left."""

from django import forms


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
