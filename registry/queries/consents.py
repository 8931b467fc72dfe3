"""Consent on record, and the texts that it is asked with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bhi.errors import NotFound
from registry.models import Consent, ConsentService, ConsentText, Coverage, InitiatingVisit
from registry.rules.consent import COST_WORDS, STARTER_TEXTS, Insured, cost_kind

LANGUAGES = (("en", "English"), ("es", "Spanish"))


@dataclass(frozen=True)
class TextShown:
    """A version of the organization's consent text. `id` is None for the starter text, which nobody adopted yet."""

    id: UUID | None
    number: int
    language: str
    text: str
    at: datetime | None = None
    by: str = ""

    @property
    def label(self) -> str:
        name = dict(LANGUAGES).get(self.language, self.language)
        return f"{name}, version {self.number}" if self.number else f"{name}, the text that we suggest"


def consent_texts(organization_id: UUID) -> list[TextShown]:
    """Every version, the newest of each language first. One statement."""
    rows = ConsentText.objects.live().filter(organization_id=organization_id).select_related("recorded_by")
    return [_text(row) for row in rows.order_by("language", "-number")]


def current_texts(organization_id: UUID) -> dict[str, TextShown]:
    """The text in use by language, else the starter text. One statement."""
    found: dict[str, TextShown] = {}
    for text in consent_texts(organization_id):
        found.setdefault(text.language, text)
    return {
        language: found.get(language) or TextShown(None, 0, language, STARTER_TEXTS[language])
        for language, _ in LANGUAGES
    }


def text_of(organization_id: UUID, text_id: str) -> ConsentText | None:
    """The version of a choice; None where none was chosen."""
    found: ConsentText | None = None
    if text_id:
        found = ConsentText.objects.live().filter(organization_id=organization_id, id=text_id).first()
    return found


def consents_of(patient_id: UUID) -> list[Consent]:
    """A patient's consents to this care, the newest first, revoked ones included. One statement."""
    rows = Consent.objects.live().filter(patient_id=patient_id, service=ConsentService.BHI)
    related = rows.select_related("treating_clinician", "script", "representative", "taken_by")
    return list(related.order_by("-given_at", "-id"))


def consent_of(patient_id: UUID, consent_id: UUID) -> Consent:
    """A live consent of a patient. Raises NotFound."""
    found = Consent.objects.live().filter(patient_id=patient_id, id=consent_id)
    row: Consent | None = found.select_related("patient__clinic", "treating_clinician").first()
    if row is None:
        raise NotFound
    return row


def covering_consent(patient_id: UUID, on: date) -> Consent | None:
    """The newest consent that was not taken back by a day; None where the patient has to be asked. One statement."""
    return covering(consents_of(patient_id), on)


def covering(consents: Iterable[Consent], on: date) -> Consent | None:
    """Of consents with the newest first, the one that holds on a day."""
    return next((one for one in consents if one.revoked_on is None or one.revoked_on > on), None)


def visit_of(patient_id: UUID, visit_id: UUID) -> InitiatingVisit:
    """A live visit of a patient. Raises NotFound."""
    row: InitiatingVisit | None = InitiatingVisit.objects.live().filter(patient_id=patient_id, id=visit_id).first()
    if row is None:
        raise NotFound
    return row


def insured_by(coverages: Iterable[Coverage]) -> list[Insured]:
    """What the rules of cost look at."""
    return [
        Insured(
            payer=one.payer.name,
            plan=one.plan_name,
            is_medicare=one.payer.takes_mbi or "medicare" in one.payer.name.casefold(),
            is_self_pay=one.payer.is_self_pay,
        )
        for one in coverages
    ]


def cost_words(patient_id: UUID, language: str = "en") -> str:
    """What this care may cost a patient, in a sentence. One statement."""
    rows = Coverage.objects.live().filter(patient_id=patient_id, until_on__isnull=True)
    return COST_WORDS[cost_kind(insured_by(rows.select_related("payer").order_by("rank")))][language]


def _text(row: ConsentText) -> TextShown:
    return TextShown(row.id, row.number, row.language, row.text, row.recorded_at, str(row.recorded_by))
