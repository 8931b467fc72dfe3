"""Writes of the registry. Single operations audit and announce; `record_facts` with drafts is for imports."""

from registry.operations.assessments import record_assessment, replace_assessment
from registry.operations.episodes import change_program, end_episode, open_episode, start_relapse_prevention
from registry.operations.facts import (
    record_care_plan,
    record_consent,
    record_diagnosis,
    record_visit,
    revoke_consent,
    void_fact,
)
from registry.operations.people import add_coverage, add_patient, payer_named, treating_clinician_named
from registry.operations.recording import Stamp, record_facts, void_facts

__all__ = [
    "Stamp",
    "add_coverage",
    "add_patient",
    "change_program",
    "end_episode",
    "open_episode",
    "payer_named",
    "record_assessment",
    "record_care_plan",
    "record_consent",
    "record_diagnosis",
    "record_facts",
    "record_visit",
    "replace_assessment",
    "revoke_consent",
    "start_relapse_prevention",
    "treating_clinician_named",
    "void_fact",
    "void_facts",
]
