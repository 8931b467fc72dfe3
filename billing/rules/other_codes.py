"""What another service of a month does to what this program bills for it, in words; as the rule books have it."""

from dataclasses import dataclass
from typing import Final

from billing.rules.books import RuleBook

# Neighbours that no book holds: they change nothing here, but people record them. Our own labels.
LABELS: Final = {
    "99491": "Chronic care management by the practitioner, 30 minutes",
    "99487": "Complex chronic care management, 60 minutes",
    "99424": "Principal care management by the practitioner, 30 minutes",
    "99426": "Principal care management, 30 minutes",
    "90791": "Psychiatric evaluation",
    "90792": "Psychiatric evaluation with medical services",
    "90832": "Psychotherapy, 30 minutes",
    "90834": "Psychotherapy, 45 minutes",
    "90837": "Psychotherapy, 60 minutes",
    "G0323": "General BHI by a psychologist or social worker",
}
CCM: Final = "99490"
TRANSITIONAL: Final = ("99495", "99496")
NOTHING: Final = "Changes nothing here; kept so that everybody knows."


@dataclass(frozen=True, slots=True)
class CodeKnown:
    """A code that people record beside the program; what it changes, billed by this practitioner and by another."""

    code: str
    label: str
    ours: str
    theirs: str

    @property
    def changes_something(self) -> bool:
        """Whether it decides anything of what is billed here."""
        return (self.ours, self.theirs) != (NOTHING, NOTHING)


def codes_known(book: RuleBook) -> tuple[CodeKnown, ...]:
    """The codes that a book or our list knows, those that change something first, by code."""
    known = [code_known(book, code) for code in sorted({*book.codes, *book.requirements.other_biller_codes, *LABELS})]
    return tuple(sorted(known, key=lambda one: (not one.changes_something, one.code)))


def code_known(book: RuleBook, code: str) -> CodeKnown:
    """What a code is and does under a book; one that nobody knows has no label and changes nothing."""
    label = book.codes[code].label if code in book.codes else LABELS.get(code, "")
    return CodeKnown(code, label, _ours(book, code), _theirs(book, code))


def _ours(book: RuleBook, code: str) -> str:
    if code in book.apcm_base_codes:
        left_out = " CCM and transitional care are left out beside it." if book.apcm_excludes else ""
        return f"Adds the APCM line, and its behavioral add-ons may take the place of timed codes.{left_out}"
    if code == CCM and code in book.codes:
        return f"Adds its line once {book.codes[code].full_minutes} minutes of CCM are known.{_beside_apcm(book, code)}"
    if code in TRANSITIONAL and code in book.codes:
        return f"Adds its line.{_beside_apcm(book, code)}"
    if book.access is not None and code == book.access.comanagement_code:
        access = book.access
        return (
            f"Adds the co-management review, at most {access.comanagement_limit} in {access.comanagement_months} "
            "months, where the patient is aligned to another practice's ACCESS."
        )
    if code in book.requirements.other_biller_codes:
        return "A code of this program: what the month bills follows from its minutes and papers, not from this."
    return NOTHING


def _theirs(book: RuleBook, code: str) -> str:
    if code in book.requirements.other_biller_codes:
        return "Holds the month: one practitioner bills behavioral health for a patient and month."
    if code in book.apcm_base_codes and book.has_apcm_addons:
        return "Closes the APCM add-ons here: they go with the base of the same practitioner."
    return NOTHING


def _beside_apcm(book: RuleBook, code: str) -> str:
    return " Left out where this practitioner bills APCM." if code in book.apcm_excludes else ""
