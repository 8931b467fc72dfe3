"""What the page of a compared list is asked with."""

from __future__ import annotations

from django import forms

from billing.rules.closed_list import ListFinding


class ListFilter(forms.Form):
    """Which months are shown, and which page of them. What makes no sense shows everything."""

    finding = forms.TypedChoiceField(
        choices=[(one.value, one.value) for one in ListFinding], coerce=ListFinding, required=False, empty_value=None
    )
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def values(self) -> tuple[ListFinding | None, int]:
        """The filters that can be understood."""
        self.is_valid()
        return self.cleaned_data.get("finding"), self.cleaned_data.get("page") or 1
