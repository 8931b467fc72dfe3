"""What a clinician types behind a link: the code, and a decision on everything that is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms

from caseload.forms.advice import DECISIONS, LONGEST, MODIFIED
from caseload.operations.decision_links import LinkDecision
from caseload.queries.decision_links import LinkAsks
from caseload.rules.advice_text import Asked
from caseload.rules.decision_links import read_code

_CHOICES = dict(DECISIONS)


class CodeForm(forms.Form):
    """Six digits, however they are spaced."""

    code = forms.CharField(
        max_length=40, error_messages={"required": "Enter the six digits.", "max_length": "Enter the six digits."}
    )

    def clean_code(self) -> str:
        code = read_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError("The code has six digits. Check the e-mail.")
        return code


@dataclass(frozen=True)
class AskShown:
    """One recommendation with what was chosen and typed for it."""

    id: UUID
    asked: Asked
    number: int
    decision: str
    text: str
    fault: str

    @property
    def decision_name(self) -> str:
        return f"decision-{self.number}"

    @property
    def text_name(self) -> str:
        return f"text-{self.number}"

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return DECISIONS


class DecisionsForm:
    """Everything that a link asks, on one page and sent at once."""

    def __init__(self, asks: Sequence[LinkAsks], data: Mapping[str, Any] | None = None) -> None:
        self.asks = [self._shown(one, number, data) for number, one in enumerate(asks, start=1)]

    @property
    def errors(self) -> bool:
        return any(one.fault for one in self.asks)

    @property
    def decisions(self) -> list[LinkDecision]:
        return [LinkDecision(one.id, one.decision, one.text) for one in self.asks]

    def _shown(self, one: LinkAsks, number: int, data: Mapping[str, Any] | None) -> AskShown:
        sent = data or {}
        decision, text = sent.get(f"decision-{number}", ""), sent.get(f"text-{number}", "")[:LONGEST].strip()
        fault = "" if data is None else _fault(decision, text)
        return AskShown(one.id, one.asked, number, decision, text, fault)


def _fault(decision: str, text: str) -> str:
    if decision not in _CHOICES:
        return "Choose your answer."
    if decision != DECISIONS[0][0] and not text:
        return "Say what you change." if decision == MODIFIED else "Say why not."
    return ""
