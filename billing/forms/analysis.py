"""What the analysis page is asked with."""

from __future__ import annotations

import re

from django import forms

from billing.queries.analysis import span_ending

SPANS = ((1, "One month"), (3, "3 months"), (6, "6 months"), (12, "12 months"))
_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")


class AnalysisFilter(forms.Form):
    """The last month and how many. What makes no sense is as good as not given: a filter never refuses a page."""

    month = forms.CharField(required=False, max_length=7)
    months = forms.TypedChoiceField(choices=SPANS, coerce=int, required=False)

    def span(self, *, present: str) -> tuple[str, str]:
        """The first month and the last, never later than the present one."""
        self.is_valid()
        typed = self.cleaned_data.get("month") or ""
        last = min(typed, present) if _MONTH.fullmatch(typed) else present
        return span_ending(last, self.cleaned_data.get("months") or 1), last
