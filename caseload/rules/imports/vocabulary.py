"""The words of a file that the import has to understand, and what each can be taken for."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseload.rules.imports.columns import fields
from caseload.rules.imports.corrections import LEFT_OUT, Corrections
from caseload.rules.imports.patients import read_consent_form, read_sex
from caseload.rules.imports.recognize import Recognition, Table
from caseload.rules.imports.sheets import as_text, is_said
from caseload.rules.imports.words import read_contact_type, read_status

Choices = tuple[tuple[str, str], ...]

_LEAVE_OUT = ((LEFT_OUT, "Leave such rows out"),)
_CONTACTS: Choices = (
    ("phone", "Session by phone"),
    ("video", "Session by video"),
    ("in person", "Session in person"),
    ("no answer", "Attempt: no answer"),
    ("left voicemail", "Attempt: left a voicemail"),
    ("letter", "Attempt: a letter"),
    ("no show", "No-show"),
    ("cancelled", "Cancelled"),
    ("message", "Message"),
    ("caregiver", "Caregiver"),
    ("coordination", "Coordination of care"),
    ("chart review", "Registry work"),
    ("care planning", "Care planning"),
    ("case review", "Case review"),
    ("scheduling", "Scheduling"),
    *_LEAVE_OUT,
)
_MEANINGS: Mapping[str, Choices] = {
    "contact_type": _CONTACTS,
    "mode": _CONTACTS,
    "status": (
        ("active", "Active"),
        ("on hold", "On hold"),
        ("relapse prevention", "Relapse prevention"),
        ("referred", "Referred, not enrolled"),
        ("discharged", "Discharged"),
        ("graduated", "Discharged: graduated"),
        ("lost to follow up", "Discharged: lost to follow-up"),
        ("administrative", "Discharged: administrative"),
        ("withdrew", "Discharged: withdrew"),
        ("transferred", "Discharged: transferred"),
        ("died", "Discharged: died"),
        *_LEAVE_OUT,
    ),
    "sex": (("F", "Female"), ("M", "Male"), ("X", "Another"), ("U", "Not known")),
    "consent_form": (("verbal", "Verbal"), ("written", "Written")),
}
_UNDERSTOOD: Mapping[str, Callable[[str], object]] = {
    "contact_type": read_contact_type,
    "mode": read_contact_type,
    "status": read_status,
    "sex": read_sex,
    "consent_form": read_consent_form,
}
# Names that stand for somebody or something on record.
NAMED = ("clinic", "care_manager", "clinician", "payer")


@dataclass(frozen=True)
class Word:
    """A word of a column: in how many rows it stands, and what somebody chose it to mean (empty: nobody has)."""

    field: str
    written: str
    count: int
    meant: str = ""

    @property
    def label(self) -> str:
        return next(known[self.field].label for known in map(fields, ("contacts", "patients")) if self.field in known)


def meanings(field: str) -> Choices:
    """What a word of the field can be taken for; nothing for fields of names."""
    return _MEANINGS.get(field, ())


def doubtful_words(recognition: Recognition, corrections: Corrections) -> tuple[Word, ...]:
    """Words that are not understood, or were not until somebody chose; the most frequent of a field first."""
    counts: Counter[tuple[str, str]] = Counter()
    for table in recognition.tables:
        counts.update(_words(table))
    found = [
        Word(field, written, count, corrections.values.get(field, {}).get(written.casefold(), ""))
        for (field, written), count in sorted(counts.items(), key=lambda pair: (pair[0][0], -pair[1], pair[0][1]))
    ]
    return tuple(word for word in found if word.meant or not _UNDERSTOOD[word.field](word.written))


def _words(table: Table) -> Counter[tuple[str, str]]:
    """How often each word stands in rows that have a date, those included that are left out because of it."""
    keys = [key for key in _UNDERSTOOD if table.column(key)]
    counts: Counter[tuple[str, str]] = Counter()
    for row in table.data if keys else ():
        if re.search(r"\d", as_text(table.cell(row, _TELLING[table.kind]))):
            texts = ((key, as_text(table.cell(row, key))) for key in keys)
            counts.update((key, text[:80]) for key, text in texts if is_said(text))
    return counts


_TELLING = {"patients": "birth_on", "contacts": "contact_on"}
