"""The safety plan as a form."""

from __future__ import annotations

from registry.forms.content import ContentForm
from registry.rules.content import Fault
from registry.rules.safety_plans import PARTS, Safety, faults_of_safety


class SafetyPlanForm(ContentForm):
    """Anything may be left out, but not all of it."""

    document = Safety
    parts = PARTS

    def faults(self) -> tuple[Fault, ...]:
        return faults_of_safety(self.content, today=self.today, born_on=self.born_on)
