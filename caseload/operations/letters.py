"""Letters: an organization's own wordings, and what was printed for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.models import Letter, LetterTemplate
from caseload.rules.clock import local_date
from caseload.rules.letters import faults_of_letter
from registry.models import Episode
from registry.operations.disclosures import disclose
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, stamped
from registry.rules.part_two import Use


class LetterRefused(DomainError):
    """A text that cannot go out, with every sentence of the rules."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


class TemplateMoved(DomainError):
    """Somebody wrote the template anew after it was shown."""

    def __init__(self) -> None:
        super().__init__("Somebody changed this letter meanwhile. Look at theirs below yours, then save yours again.")


@transaction.atomic
def write_letter(
    *, by: Membership, at: datetime, episode_id: UUID, kind: str, language: str, body: str, client_token: UUID
) -> Letter:
    """A letter as it is printed, on the clinic's day; also after a discharge, which is when closing letters go.

    The clinic's own name may say what it likes. A second submit returns the first. Raises LetterRefused, FormReused,
    NotFound.
    """
    found = Episode.objects.live().filter(organization_id=by.organization_id, id=episode_id)
    episode: Episode | None = found.select_for_update(of=("self",), no_key=True).select_related("clinic").first()
    if episode is None:
        raise NotFound
    known: Letter | None = Letter.objects.filter(organization_id=by.organization_id, client_token=client_token).first()
    if known is not None:
        if known.episode_id != episode.id:
            raise FormReused
        return known
    if faults := faults_of_letter(body.replace(episode.clinic.name, "…"), is_template=False):
        raise LetterRefused(faults)
    says = {"kind": kind, "language": language, "body": body.strip(), "client_token": client_token}
    on = local_date(at, ZoneInfo(episode.clinic.time_zone))
    made = stamped(Letter, Stamp(by, at), patient_id=episode.patient_id, episode=episode, on=on, **says)
    record_facts([made])
    told: dict[str, Any] = {"recipient": "The patient", "what": made.get_kind_display(), "object_id": made.id}
    disclose(by=by, at=at, patient_id=episode.patient_id, on=on, use=Use.TO_PATIENT, **told)
    record("letter.written", by=by, at=at, patient_id=episode.patient_id, object_id=made.id, fields=["kind", "body"])
    return made


@transaction.atomic
def set_letter_template(
    *, by: Membership, at: datetime, kind: str, language: str, body: str, seen: datetime | None
) -> None:
    """The organization's own wording; what was before stays in the table's history. Saying the same writes nothing.

    `seen` is when the wording that the person looked at was made (None: ours). Raises LetterRefused, TemplateMoved.
    """
    if faults := faults_of_letter(body, is_template=True):
        raise LetterRefused(faults)
    which = {"organization_id": by.organization_id, "kind": kind, "language": language}
    fresh = {"body": body.strip(), "changed_at": at, "changed_by": by}
    row, is_new = LetterTemplate.objects.select_for_update().get_or_create(**which, defaults=fresh)
    if not is_new and row.body == fresh["body"]:
        return
    if seen != (None if is_new else row.changed_at):
        raise TemplateMoved
    if not is_new:
        for name, value in fresh.items():
            setattr(row, name, value)
        row.save(update_fields=list(fresh))
    record("letter_template.set", by=by, at=at, object_id=row.id, fields=["body"])
