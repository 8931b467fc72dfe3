"""What a practice is asked to see which model fits it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from billing.queries.model_rates import NAMED, plans_of
from registry.forms.fields import ChoiceOf
from registry.rules.model_fit import PAYER_WORDS, PAYERS, Answers, Can, faults_of

_ANOTHER = {"medicaid": "Another state, or not known", "commercial": "Another, or several"}
_CAN = (("yes", "Yes"), ("build", "Not yet, but we can"), ("no", "No"))


def _whole(label: str, least: int, most: int, help_text: str = "") -> forms.IntegerField:
    sentence = f"This is a whole number from {least} to {most}."
    field = forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    field.error_messages |= {"required": sentence, "invalid": sentence}
    for validator in field.validators:
        validator.message = sentence  # type: ignore[attr-defined]
    return field


def _can(label: str, help_text: str = "") -> ChoiceOf:
    return ChoiceOf(label=label, choices=_CAN, help_text=help_text, missing="Choose an answer.")


class ModelFitForm(forms.Form):
    """People, consultation, registry, billing, payers and the number of patients."""

    care_manager_hours = _whole(
        "Care manager, hours a week", 0, 800, "All care managers together; 40 is one full time. 0: none yet."
    )
    is_trained = _can(
        "Is the care manager trained in behavioral health?", "Formal education or specialized training: RN, LCSW, LPC."
    )
    clinician = _can("Does a treating clinician direct the service?", "It is billed in that person's name.")
    consultant_hours = forms.DecimalField(
        label="Psychiatric consultant, hours a week",
        min_value=Decimal(0),
        max_value=Decimal(200),
        decimal_places=1,
        max_digits=4,
        help_text="By contract or by video counts too. 0: nobody.",
        error_messages={"required": "Enter the hours, 0 for nobody.", "invalid": "Enter a number such as 1.5."},
    )
    review = _can("Can care manager and consultant meet every week?")
    registry = _can(
        "Will the registry be kept within a day or two of each contact?",
        "Last score, last contact and next step of every patient. Notes written here keep it by themselves.",
    )
    billing = _can("Does somebody close months, file claims and work denials?")
    active = _whole("Patients at the same time", 1, 20_000, "What you expect after the first months.")
    new_a_month = _whole("New patients a month", 0, 2_000)
    reached = _whole(
        "Months that reach their minutes, percent",
        0,
        100,
        "Your assumption: not every patient’s month reaches the minutes of its code.",
    )
    medicare_ffs = _whole(PAYER_WORDS["medicare_ffs"], 0, 100)
    medicare_advantage = _whole(PAYER_WORDS["medicare_advantage"], 0, 100)
    commercial = _whole(PAYER_WORDS["commercial"], 0, 100)
    medicaid = _whole(PAYER_WORDS["medicaid"], 0, 100)
    none = _whole(PAYER_WORDS["none"], 0, 100)
    medicaid_plan = forms.ChoiceField(
        label="Which Medicaid",
        required=False,
        help_text="Its price counts where its rules state one.",
        error_messages={"invalid_choice": "Choose from the list."},
    )
    commercial_plan = forms.ChoiceField(
        label="Which commercial plan, if it is one",
        required=False,
        help_text="Its price counts where its rules state one.",
        error_messages={"invalid_choice": "Choose from the list."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for payer, words in _ANOTHER.items():
            field = self.fields[f"{payer}_plan"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", words), *plans_of(payer)]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            for field, sentence in faults_of(self.answers).items():
                self.add_error(field, sentence)
        return values

    @property
    def answers(self) -> Answers:
        """What was answered. Call once the fields are valid."""
        typed = self.cleaned_data
        whole: dict[str, Any] = {
            name: typed[name] for name in ("care_manager_hours", "active", "new_a_month", "reached")
        }
        cans: dict[str, Any] = {
            name: Can(typed[name]) for name in ("is_trained", "review", "registry", "clinician", "billing")
        }
        shares = {payer: typed[payer] for payer in PAYERS}
        plans = {payer: typed[f"{payer}_plan"] for payer in NAMED if typed[f"{payer}_plan"] and shares[payer]}
        return Answers(**whole, **cans, consultant_hours=typed["consultant_hours"], shares=shares, plans=plans)


def typed_from(answers: Answers) -> Mapping[str, Any]:
    """Earlier answers, to begin a form with."""
    cans = {name: getattr(answers, name).value for name in ("is_trained", "review", "registry", "clinician", "billing")}
    names = ("care_manager_hours", "consultant_hours", "active", "new_a_month", "reached")
    plans = {f"{payer}_plan": family for payer, family in answers.plans.items()}
    return {**{name: getattr(answers, name) for name in names}, **cans, **answers.shares, **plans}


def fresh() -> ModelFitForm:
    """An empty form; only the assumption is proposed."""
    return ModelFitForm(initial={"reached": 70, **dict.fromkeys(PAYERS, 0)})
