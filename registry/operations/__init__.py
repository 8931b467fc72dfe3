"""Writes of the registry. Single operations audit and announce; `record_facts` with drafts is for imports."""

from registry.operations.assessments import record_assessment, replace_assessment
from registry.operations.consents import (
    note_visit,
    record_consent,
    record_visit,
    revoke_consent,
    take_consent,
    write_consent_text,
)
from registry.operations.diagnoses import (
    add_diagnosis,
    confirm_diagnosis,
    end_diagnosis,
    put_first,
    record_diagnosis,
)
from registry.operations.episodes import change_program, end_episode, open_episode, start_relapse_prevention
from registry.operations.facts import record_care_plan, void_fact
from registry.operations.people import add_coverage, add_patient, payer_named, treating_clinician_named
from registry.operations.recording import Stamp, record_facts, void_facts

__all__ = [
    "Stamp",
    "add_coverage",
    "add_diagnosis",
    "add_patient",
    "change_program",
    "confirm_diagnosis",
    "end_diagnosis",
    "end_episode",
    "note_visit",
    "open_episode",
    "payer_named",
    "put_first",
    "record_assessment",
    "record_care_plan",
    "record_consent",
    "record_diagnosis",
    "record_facts",
    "record_visit",
    "replace_assessment",
    "revoke_consent",
    "start_relapse_prevention",
    "take_consent",
    "treating_clinician_named",
    "void_fact",
    "void_facts",
    "write_consent_text",
]
