"""What goes with a text that is about to be copied out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django import template

from registry.queries.part_two import part_two_of
from registry.rules.part_two import Use

register = template.Library()


@dataclass(frozen=True)
class Leaving:
    """Whether a text may leave to who treats the patient, and the lines that go with it (42 CFR 2.32)."""

    is_refused: bool
    lines: tuple[str, ...]


@register.simple_tag
def leaving(organization_id: UUID, patient_id: UUID, is_covered: bool, today: date) -> Leaving:
    """Of a record that is not covered no statement."""
    if not is_covered:
        return Leaving(is_refused=False, lines=())
    found = part_two_of(organization_id, patient_id)
    lines = found.notices(Use.TREATMENT, today)
    return Leaving(is_refused=not found.may_leave(Use.TREATMENT, today), lines=lines)
