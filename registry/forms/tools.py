"""The tools of a clinic: which it uses, how often, and which patients may answer themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from registry.operations.tools import ToolChoice, ToolRefused
from registry.queries.tools import Tool, state_of
from registry.rules.instruments import SITE_ATTESTED
from registry.rules.tools import FEWEST_DAYS, MOST_DAYS, Rhythm

_DAYS = f"Enter every how many days, {FEWEST_DAYS} to {MOST_DAYS}, or leave it empty."


@dataclass(frozen=True)
class ToolRow:
    """One tool's line of the form; None where a part makes no sense for it."""

    tool: Tool
    in_use: forms.BoundField
    early: forms.BoundField
    later: forms.BoundField
    sent: forms.BoundField | None
    attested: forms.BoundField | None
    errors: tuple[str, ...]


class ToolsForm(forms.Form):
    """Every tool there is, with how the clinic uses it. `seen` is the state that the person looked at."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, tools: Sequence[Tool]) -> None:
        start: dict[str, Any] = {"seen": state_of(tools)}
        super().__init__(data, initial=start)
        self.tools = tuple(tools)
        for tool in self.tools:
            self._add(tool)

    def _add(self, tool: Tool) -> None:
        name, key = tool.instrument.name, tool.key
        self.fields[f"{key}_in_use"] = _check(f"Use {name}", tool.is_in_use)
        self.fields[f"{key}_early"] = _days(f"{name}: every … days in the first 8 weeks", tool.rhythm.early_days)
        self.fields[f"{key}_later"] = _days(f"{name}: every … days later", tool.rhythm.later_days)
        if tool.instrument.may_be_sent:
            self.fields[f"{key}_sent"] = _check(f"Patients may answer {name} through a link", tool.is_sent_to_patients)
        if tool.instrument.licence_status == SITE_ATTESTED:
            self.fields[f"{key}_attested"] = _check(f"We may use the wording of {name}", bool(tool.attested_at))

    @property
    def choices(self) -> list[ToolChoice]:
        """What was chosen for each tool."""
        return [self._choice(tool.key) for tool in self.tools]

    def _choice(self, key: str) -> ToolChoice:
        values = self.cleaned_data
        return ToolChoice(
            key,
            is_in_use=values[f"{key}_in_use"],
            rhythm=Rhythm(values[f"{key}_early"], values[f"{key}_later"]),
            is_sent_to_patients=values.get(f"{key}_sent", False),
            is_attested=values.get(f"{key}_attested", False),
        )

    def refuse(self, fault: ToolRefused) -> None:
        """Show a refusal of the operation at its field."""
        self.add_error(f"{fault.instrument}_{fault.part}", str(fault))

    def rows(self) -> list[ToolRow]:
        """The lines of the table."""
        return [self._row(tool) for tool in self.tools]

    def _row(self, tool: Tool) -> ToolRow:
        parts = {part: self._part(tool.key, part) for part in ("in_use", "early", "later", "sent", "attested")}
        errors = tuple(str(error) for bound in parts.values() if bound is not None for error in bound.errors)
        return ToolRow(tool, self[f"{tool.key}_in_use"], self[f"{tool.key}_early"], self[f"{tool.key}_later"],
                       parts["sent"], parts["attested"], errors)  # fmt: skip

    def _part(self, key: str, part: str) -> forms.BoundField | None:
        return self[f"{key}_{part}"] if f"{key}_{part}" in self.fields else None


def _check(label: str, initial: bool) -> forms.BooleanField:
    return forms.BooleanField(
        label=label, required=False, initial=initial, widget=forms.CheckboxInput(attrs={"aria-label": label})
    )


def _days(label: str, initial: int | None) -> forms.IntegerField:
    attributes = {"class": "compact", "aria-label": label, "inputmode": "numeric", "min": FEWEST_DAYS, "max": MOST_DAYS}
    messages = {"invalid": _DAYS, "min_value": _DAYS, "max_value": _DAYS}
    return forms.IntegerField(
        label=label,
        required=False,
        initial=initial,
        min_value=FEWEST_DAYS,
        max_value=MOST_DAYS,
        widget=forms.NumberInput(attrs=attributes),
        error_messages=messages,
    )
