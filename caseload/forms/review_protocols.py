"""A clinic's limits of review, and the deadlines of what is recommended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from caseload.queries.review_settings import ReviewSettings
from caseload.rules.review_limits import (
    DEADLINE_FIELDS,
    LIMIT_FIELDS,
    Deadlines,
    bounds_of_deadline,
    bounds_of_limit,
    faults_of_review_limits,
)
from caseload.rules.targets import Limits, OwnLimits
from registry.forms.fields import Seen

_LABELS = {
    "never_reviewed_days": "Never reviewed after, days in the program",
    "review_due_days": "Review due after, days since the last",
    "first_follow_up_days": "First follow-up late after, days",
    "stalled_watch_days": "Stalling after, days without enough change",
    "stalled_days": "Stalled after, days without enough change",
    "long_episode_months": "Long episode after, months",
    "medication_decision_days": "Medication: decided within, business days",
    "medication_told_days": "Medication: patient told within, business days",
    "other_decision_days": "Other: decided within, days",
    "other_told_days": "Other: patient told within, days",
}


class ReviewProtocolForm(Seen, forms.Form):
    """Every number with its bounds; limits of signals may be empty. `seen` guards against overwriting unseen."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)

    def __init__(self, data: Mapping[str, Any] | None = None, *, settings: ReviewSettings, usual: Limits) -> None:
        initial: dict[str, Any] = {name: getattr(settings.own, name) for name in LIMIT_FIELDS}
        initial |= {name: getattr(settings.deadlines, name) for name in DEADLINE_FIELDS}
        initial["seen"] = settings.changed_at.isoformat() if settings.changed_at else ""
        super().__init__(data, initial=initial)
        self.usual = usual
        for name in LIMIT_FIELDS:
            least, most = bounds_of_limit(name, usual)
            self.fields[name] = _number(name, f"Usually {most}; {least} at the least.", required=False)
        for name in DEADLINE_FIELDS:
            self.fields[name] = _number(name, f"{bounds_of_deadline(name)[1]} at the most.", required=True)

    @property
    def limit_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in LIMIT_FIELDS]

    @property
    def deadline_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in DEADLINE_FIELDS]

    @property
    def own(self) -> OwnLimits:
        """The limits as typed; call once valid."""
        return OwnLimits(**{name: self.cleaned_data[name] for name in LIMIT_FIELDS})

    @property
    def deadlines(self) -> Deadlines:
        """The deadlines as typed; call once valid."""
        return Deadlines(**{name: self.cleaned_data[name] for name in DEADLINE_FIELDS})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            for name, sentence in faults_of_review_limits(self.own, self.deadlines, self.usual).items():
                self.add_error(name, sentence)
        return values


def _number(name: str, help_text: str, *, required: bool) -> forms.IntegerField:
    field = forms.IntegerField(label=_LABELS[name], required=required, help_text=help_text)
    sentence = "Enter a whole number." if required else "Enter a whole number, or leave it empty for the usual."
    field.error_messages |= {"invalid": sentence, "required": sentence}
    return field
