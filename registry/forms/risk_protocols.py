"""A clinic's protocol about danger: deadlines, steps of its own, days until it is asked again, texts, supervisors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from registry.forms.fields import Seen, TextField
from registry.operations.risk_protocols import ProtocolGiven
from registry.queries.risk_protocols import RiskSettings
from registry.rules.risk import HIGH, LOW, MODERATE, Rechecks
from registry.rules.risk_steps import DEFAULT, DUE, MOST_OWN, OWN, OWNERS, PHASES, OwnStep, is_later

_DAYS = "This is a whole number of days."
_OWNER_CHOICES = (("", "Who"), *OWNERS.items())
_DUE_CHOICES = (("", "By when"), *((str(minutes), words) for minutes, words in DUE))


def _days(label: str, most: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric"})
    errors = dict.fromkeys(("required", "invalid"), _DAYS)
    return forms.IntegerField(label=label, widget=widget, help_text=f"At most {most}.", error_messages=errors)


class RiskProtocolForm(Seen, forms.Form):
    """Every part of the protocol. `seen` guards against overwriting what one has not seen."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    high = _days("At high risk, days until it is asked again", 7)
    moderate = _days("At moderate risk", 14)
    low = _days("At low risk", 30)
    after_hours = TextField(
        max_length=2000,
        label="After hours",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whom staff call outside the clinic’s hours, and how. It stands on every page about risk.",
    )
    emergency_department = TextField(
        max_length=200, label="Emergency department", help_text="Name, phone, how to get there."
    )
    supervisors = forms.MultipleChoiceField(
        label="Supervisors who may agree to a lower tier",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Besides treating clinicians and psychiatric consultants.",
        error_messages={"invalid_choice": "Choose people of the list."},
    )

    def __init__(
        self, data: QueryDict | None = None, *, settings: RiskSettings, people: Sequence[tuple[str, str]]
    ) -> None:
        self.settings = settings
        rechecks = settings.rechecks
        super().__init__(
            data,
            initial={
                "seen": settings.changed_at.isoformat() if settings.changed_at else "",
                "high": rechecks.high,
                "moderate": rechecks.moderate,
                "low": rechecks.low,
                "after_hours": settings.after_hours,
                "emergency_department": settings.emergency_department,
                "supervisors": [str(one) for one in settings.supervisors],
            },
        )
        self.fields["supervisors"].choices = people  # type: ignore[attr-defined]
        for tier, _, steps in settings.phases:
            self._add_steps(tier or "first", tier, {step.key: step for step in steps})

    def _add_steps(self, name: str, tier: str, steps: Mapping[str, Any]) -> None:
        for step in DEFAULT[tier]:
            choices = [(str(minutes), words) for minutes, words in DUE if not is_later(minutes, step.minutes)]
            self.fields[f"due_{name}_{step.key}"] = forms.ChoiceField(
                label=step.words, choices=choices, initial=str(steps[step.key].minutes)
            )
        own = [step for key, step in steps.items() if key.startswith(OWN)]
        for place in range(1, MOST_OWN + 1):
            self._add_own(f"{name}_{OWN}{place}", place, own[place - 1] if place <= len(own) else None)

    def _add_own(self, name: str, place: int, step: Any) -> None:
        self.fields[f"{name}_words"] = TextField(
            max_length=300, label=f"A step of your own, {place}", initial=step.words if step else ""
        )
        who, when = (step.owner, str(step.minutes)) if step else ("", "")
        self.fields[f"{name}_owner"] = forms.ChoiceField(
            label=f"Who does step {place}", choices=_OWNER_CHOICES, required=False, initial=who
        )
        self.fields[f"{name}_minutes"] = forms.ChoiceField(
            label=f"When step {place} is due", choices=_DUE_CHOICES, required=False, initial=when
        )

    @property
    def parts(self) -> Iterable[tuple[str, list[forms.BoundField], list[list[forms.BoundField]]]]:
        """Each phase by name, with its deadlines and its rows for steps of the clinic's own."""
        for tier, words in PHASES:
            name = tier or "first"
            due = [self[f"due_{name}_{step.key}"] for step in DEFAULT[tier]]
            own = [
                [self[f"{name}_{OWN}{place}_{part}"] for part in ("words", "owner", "minutes")]
                for place in range(1, MOST_OWN + 1)
            ]
            yield words, due, own

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for tier, _ in PHASES:
            for place in range(1, MOST_OWN + 1):
                self._check_own(f"{tier or 'first'}_{OWN}{place}", values)
        return values

    def _check_own(self, name: str, values: Mapping[str, Any]) -> None:
        words, owner, minutes = (values.get(f"{name}_{part}", "") for part in ("words", "owner", "minutes"))
        if words and not (owner and minutes):
            self.add_error(f"{name}_words", "Choose who does it and by when.")
        elif (owner or minutes) and not words and f"{name}_words" not in self.errors:
            self.add_error(f"{name}_words", "Say what is done, or clear the row.")

    @property
    def given(self) -> ProtocolGiven:
        """The protocol as it is to be."""
        values = self.cleaned_data
        minutes = {
            (tier, step.key): int(values[f"due_{tier or 'first'}_{step.key}"])
            for tier, _ in PHASES
            for step in DEFAULT[tier]
        }
        return ProtocolGiven(
            minutes=minutes,
            added={tier: self._own(tier or "first") for tier, _ in PHASES},
            rechecks=Rechecks(values["low"], values["moderate"], values["high"]),
            after_hours=values["after_hours"],
            emergency_department=values["emergency_department"],
            supervisors=tuple(UUID(one) for one in values["supervisors"]),
        )

    def _own(self, name: str) -> list[OwnStep]:
        rows = (
            [self.cleaned_data[f"{name}_{OWN}{place}_{part}"] for part in ("words", "owner", "minutes")]
            for place in range(1, MOST_OWN + 1)
        )
        return [OwnStep(words.strip(), owner, int(minutes)) for words, owner, minutes in rows if words.strip()]

    def say(self, faults: Iterable[tuple[str, str]]) -> None:
        """Show what was refused at its field."""
        days = {HIGH: "high", MODERATE: "moderate", LOW: "low", "supervisors": "supervisors"}
        for where, sentence in faults:
            name, _, key = where.partition(".")
            place = f"{name}_{key}_words" if key.startswith(OWN) else f"due_{name}_{key}"
            self.add_error(place if key else days[where], sentence)

    def look_again(self, settings: RiskSettings) -> None:
        """Somebody was faster: what was typed stays, and is now based on theirs."""
        renewed = QueryDict(mutable=True)
        renewed.update(self.data)
        renewed["seen"] = settings.changed_at.isoformat() if settings.changed_at else ""
        self.data = renewed
