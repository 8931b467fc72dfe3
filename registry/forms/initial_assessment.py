"""The first assessment as one page."""

from __future__ import annotations

from registry.forms.content import ContentForm
from registry.rules.content import Fault, faults_of
from registry.rules.initial_assessment import PARTS, FirstAssessment


class FirstAssessmentForm(ContentForm):
    """Two answers are required; what else is missing is said to the consultant."""

    document = FirstAssessment
    parts = PARTS

    def faults(self) -> tuple[Fault, ...]:
        return faults_of(self.content, today=self.today, born_on=self.born_on)
