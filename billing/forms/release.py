"""What a coder's decision, a release of several months, checks' modes and answers about coverage are asked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms

from billing.rules.decisions import BILL_LOWER, DO_NOT_BILL, HOLD, RELEASE
from billing.rules.findings import Line
from billing.rules.release import CHECKS, MODES, CodeUnits, words
from registry.forms.fields import ChoiceOf, DayField, TextField

WHY = "Say why, in a few words."
KINDS = {
    RELEASE: "Release it: it may be claimed",
    HOLD: "Hold it until a day",
    BILL_LOWER: "Bill lower",
    DO_NOT_BILL: "Do not bill it",
}


def written(lines: CodeUnits) -> str:
    """Lines as a form sends them: `99493:1,99494:2`."""
    return ",".join(f"{code}:{units}" for code, units in lines)


def _read(text: str) -> CodeUnits:
    return tuple((code, int(units)) for code, units in (pair.split(":") for pair in text.split(",")))


class DecisionForm(forms.Form):
    """One patient's month: what becomes of it, and why. `checks` are the ones that the page showed."""

    kind = ChoiceOf(label="What becomes of it", missing="Choose what becomes of this month.")
    look_again_on = DayField(label="Look again on", help_text="Of a hold")
    lines = forms.ChoiceField(label="Ask for", required=False, help_text="Of a lower bill")
    because = TextField(label="Why", max_length=300, required=True, missing=WHY)
    checks = forms.MultipleChoiceField(
        choices=[(check.word, check.title) for check in CHECKS], required=False, widget=forms.MultipleHiddenInput
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        kinds: Iterable[str],
        lower: Sequence[tuple[Line, ...]],
        checks: Sequence[str] = (),
    ) -> None:
        super().__init__(data, initial={"checks": list(checks)})
        self.fields["kind"].choices = [(kind, label) for kind, label in KINDS.items() if kind in set(kinds)]  # type: ignore[attr-defined]
        sets = [tuple((line.code, line.units) for line in lines) for lines in lower]
        self.fields["lines"].choices = [("", "Choose"), *((written(one), words(one)) for one in sets)]  # type: ignore[attr-defined]
        if not sets:
            del self.fields["lines"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("kind") == HOLD and not values.get("look_again_on") and not self._errors_of_day:
            self.add_error("look_again_on", "Say on which day somebody looks at it again.")
        if values.get("kind") == BILL_LOWER and not values.get("lines"):
            self.add_error("lines" if "lines" in self.fields else "kind", "Choose what is asked for instead.")
        return values

    @property
    def _errors_of_day(self) -> bool:
        return "look_again_on" in self.errors

    @property
    def chosen_lines(self) -> CodeUnits:
        text = self.cleaned_data.get("lines") or ""
        return _read(text) if text else ()


class WhyForm(forms.Form):
    """A reason alone."""

    because = TextField(label="Why", max_length=300, required=True, missing=WHY)


class ReleaseSeveralForm(forms.Form):
    """Several months that one check holds: those ticked, or all of them."""

    check = forms.ChoiceField(choices=[(check.word, check.title) for check in CHECKS], widget=forms.HiddenInput)
    which = ChoiceOf(
        label="Which",
        choices=[("ticked", "Those that are ticked"), ("all", "All of them")],
        missing="Choose which months are released.",
    )
    episode = forms.MultipleChoiceField(required=False)
    because = TextField(label="Why", max_length=300, required=True, missing=WHY)

    def __init__(self, data: Any = None, *, held: int, check: str) -> None:
        super().__init__(data, initial={"check": check, "which": "ticked"})
        which = self.fields["which"]
        assert isinstance(which, forms.ChoiceField)
        which.choices = [("ticked", "Those that are ticked"), ("all", f"All {held} that this check holds")]
        ticked = self.fields["episode"]
        assert isinstance(ticked, forms.MultipleChoiceField)
        ticked.choices = [(value, value) for value in self._sent("episode") if _is_id(value)]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("which") == "ticked" and not values.get("episode"):
            self.add_error("which", "Tick at least one patient, or choose all of them.")
        return values

    @property
    def episode_ids(self) -> list[UUID] | None:
        """The months chosen; None stands for all."""
        values = self.cleaned_data
        return None if values["which"] == "all" else [UUID(value) for value in values["episode"]]

    @property
    def ticked(self) -> set[str]:
        return set(self._sent("episode"))

    def _sent(self, name: str) -> list[str]:
        getlist = getattr(self.data, "getlist", None)
        return list(getlist(name)) if getlist else []


class ModesForm(forms.Form):
    """Each check: whether it holds a month or is noted."""

    def __init__(self, data: Any = None, *, modes: Mapping[str, str]) -> None:
        super().__init__(data)
        for check in CHECKS:
            self.fields[check.word] = ChoiceOf(
                label=check.title,
                choices=MODES,
                missing=f"Choose whether “{check.title}” holds a month.",
                initial=modes[check.word],
            )


class CoverageCheckForm(forms.Form):
    """What was said of several coverages, on one day and at one place."""

    which = ChoiceOf(label="Whose", missing="Choose whose coverage you asked about.")
    coverage = forms.MultipleChoiceField(required=False)
    on = DayField(label="Asked on", required=True)
    source = TextField(
        label="Where",
        max_length=100,
        required=True,
        missing="Say where you asked.",
        help_text="The payer's portal, by telephone, an eligibility file",
    )
    answer = ChoiceOf(
        label="Answer",
        choices=[("yes", "In force"), ("no", "Not in force")],
        missing="Choose what the answer was.",
    )

    def __init__(self, data: Any = None, *, unasked: int, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"which": "ticked", **(initial or {})})
        which = self.fields["which"]
        assert isinstance(which, forms.ChoiceField)
        which.choices = [("ticked", "Those that are ticked"), ("unasked", f"All {unasked} not asked about yet")]
        ticked = self.fields["coverage"]
        assert isinstance(ticked, forms.MultipleChoiceField)
        ticked.choices = [(value, value) for value in self.sent if _is_id(value)]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("which") == "ticked" and not values.get("coverage"):
            self.add_error("which", "Tick at least one patient, or choose all not asked about.")
        if values.get("which") == "unasked" and values.get("answer") == "no":
            self.add_error("answer", "Tick those whose coverage is not in force: that is not said of all at once.")
        return values

    @property
    def sent(self) -> list[str]:
        getlist = getattr(self.data, "getlist", None)
        return list(getlist("coverage")) if getlist else []


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
