"""The plan against relapse as a form."""

from __future__ import annotations

from registry.forms.content import ContentForm
from registry.rules.content import Fault
from registry.rules.relapse_plans import PARTS, RelapsePrevention, faults_of_prevention


class RelapsePlanForm(ContentForm):
    """Anything may be left out, but not all of it. The next check is not before the day of the plan."""

    document = RelapsePrevention
    parts = PARTS

    def faults(self) -> tuple[Fault, ...]:
        found = faults_of_prevention(self.content, today=self.today, born_on=self.born_on)
        on, next_on = self.cleaned_data.get("on"), self.content.next_on
        if on is not None and next_on is not None and next_on < on:
            past = Fault("next_on", "Next check: this day is before the day of the plan. Correct one of them.")
            return (*found, past)
        return found
