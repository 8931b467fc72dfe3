"""The diagnoses of an episode, and finding one in ICD-10-CM."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.errors import NotFound
from registry.models import Diagnosis, Episode, TreatingClinician
from registry.rules.diagnoses import MOST_FOUND, RELEASE, Found, icd10, why_unusable


@dataclass(frozen=True)
class CodesFound:
    """What a search found. `note` says that the release is not the one in force on the day."""

    rows: tuple[Found, ...]
    note: str
    fault: str
    is_cut: bool


@dataclass(frozen=True)
class DiagnosisShown:
    """A diagnosis with its title; the title is empty where the table does not know the code."""

    id: UUID
    code: str
    title: str
    is_behavioral: bool
    is_first: bool
    from_on: date | None
    confirmed_on: date | None
    confirmed_by: str
    confirmed_how: str


def search_icd10(words: str, on: date) -> CodesFound:
    """Whole codes for what was typed, a code's beginning or words in any order; behavioral ones first.

    The library holds one release (RELEASE): `note` says so for a day on which another is in force. For a category
    that is no code yet, `fault` says how many digits it needs and the rows are those below it.
    """
    typed = words.strip()
    rows = tuple(icd10().search(typed, most=MOST_FOUND + 1))
    fault = "" if any(one.code.replace(".", "") == typed.upper().replace(".", "") for one in rows) else _fault(typed)
    return CodesFound(rows[:MOST_FOUND], release_note(on), fault, len(rows) > MOST_FOUND)


def release_note(on: date) -> str:
    """What has to be said about the table for a day; empty within the release."""
    if RELEASE.holds_on(on):
        return ""
    until = f"{RELEASE.until_on:%b} {RELEASE.until_on.day}, {RELEASE.until_on.year}"
    return (
        f"These are the codes of ICD-10-CM, release {RELEASE.name}, in force to {until}. "
        "A code that was new or dropped at another date is not known here."
    )


def title_of(code: str) -> str:
    """The title of a code; empty where the table has none."""
    found = icd10().find(code)
    return found.title if found is not None else ""


def diagnoses_of(episode: Episode | None) -> list[DiagnosisShown]:
    """The diagnoses of an episode, the treated one first. One statement."""
    if episode is None:
        return []
    rows = Diagnosis.objects.live().filter(episode=episode).select_related("confirmed_by").order_by("rank", "code")
    return [_shown(row, is_first=place == 0) for place, row in enumerate(rows)]


def new_codes(organization_id: UUID, episode_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """By enrolment, the codes that somebody recorded as newer than the release known here. One statement."""
    rows = Diagnosis.objects.live().filter(
        organization_id=organization_id, episode_id__in=list(episode_ids), is_new=True
    )
    found: dict[UUID, set[str]] = {}
    for episode_id, code in rows.values_list("episode_id", "code"):
        found.setdefault(episode_id, set()).add(code)
    return found


def diagnosis_of(patient_id: UUID, diagnosis_id: UUID) -> Diagnosis:
    """A live diagnosis of a patient, with its episode. Raises NotFound."""
    found = Diagnosis.objects.live().filter(id=diagnosis_id, episode__patient_id=patient_id)
    row: Diagnosis | None = found.select_related("episode", "episode__treating_clinician").first()
    if row is None:
        raise NotFound
    return row


def own_clinician(episode: Episode, membership_id: UUID) -> TreatingClinician | None:
    """The treating clinician of the episode, when it is this seat's own person."""
    clinician = episode.treating_clinician
    return clinician if clinician is not None and clinician.membership_id == membership_id else None


def _fault(typed: str) -> str:
    """Said only for what looks like a code."""
    looks_like_code = len(typed) >= 3 and typed[0].isalpha() and typed[1].isdigit()
    return why_unusable(typed, icd10()) if looks_like_code else ""


def _shown(row: Diagnosis, *, is_first: bool) -> DiagnosisShown:
    found = icd10().find(row.code)
    return DiagnosisShown(
        id=row.id,
        code=row.code,
        title=found.title if found is not None else "",
        is_behavioral=row.code.startswith("F"),
        is_first=is_first,
        from_on=row.from_on,
        confirmed_on=row.confirmed_on,
        confirmed_by=str(row.confirmed_by) if row.confirmed_by is not None else "",
        confirmed_how=row.confirmed_how,
    )
