"""Taking an import back, as long as nothing was built on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from caseload.models import (
    CaseReview,
    Contact,
    EpisodeStanding,
    FollowUp,
    ImportRun,
    ImportState,
    Recommendation,
    TimeEntry,
)
from caseload.operations.imports.previews import locked_import
from caseload.operations.imports.writing import announce_rebuilt
from caseload.operations.standing import rebuild_standing
from caseload.queries.imports import episodes_of_import
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    Coverage,
    Diagnosis,
    Episode,
    Fact,
    InitiatingVisit,
    Patient,
    PatientMerge,
    ProgramPeriod,
    RecordNumber,
    Referral,
    ReferralState,
)
from registry.operations.recording import Stamp, void_facts
from registry.operations.referral_course import take_back_enrolled

# What hangs on others comes first, so that nothing live ever hangs on something voided.
_KINDS: tuple[type[Fact], ...] = (
    Recommendation,
    FollowUp,
    TimeEntry,
    Assessment,
    Contact,
    CaseReview,
    CarePlan,
    Diagnosis,
    ProgramPeriod,
    Consent,
    InitiatingVisit,
    Coverage,
    Referral,
    RecordNumber,
    Episode,
    Patient,
)


class ImportNotDone(DomainError):
    """Only an import that was carried out can be undone."""


class ImportBuiltOn(DomainError):
    """Something has been recorded on top of the import, or it changed what was there before."""


@transaction.atomic
@seeing_everything()
def undo_import(*, by: Membership, at: datetime, run_id: UUID) -> ImportRun:
    """Void everything that an import brought. Clinics, seats, clinicians and payers that it made stay.

    That no claim rests on it is seen to by billing, whose operation calls this one.
    Raises ImportNotDone, NotFound, and ImportBuiltOn when something else rests on it: work on its patients, a
    correction of its records, or changes that it made itself to records from before.
    """
    run = locked_import(by.organization_id, run_id)
    if run.state != ImportState.IMPORTED:
        raise ImportNotDone("Only an import that was carried out can be undone.")
    episodes = episodes_of_import(run.organization_id, run.id)
    _lock(run, episodes)
    opened = Episode.objects.live().filter(_of(run), import_id=run.id)
    take_back_enrolled(by=by, at=at, episode_ids=opened.values_list("id", flat=True))
    _refuse_if_built_on(run)
    stamp = Stamp(by, at)
    FollowUp.objects.live().filter(_of(run), closed_by_contact__import_id=run.id).update(
        closed_on=None, closed_by_contact=None
    )
    for kind in _KINDS:
        void_facts(list(_brought(kind, run)), stamp=stamp, reason="The import was undone")
    EpisodeStanding.objects.filter(
        organization_id=run.organization_id, episode__in=Episode.objects.filter(_of(run), import_id=run.id)
    ).delete()
    rebuild_standing(organization_id=run.organization_id, episode_ids=list(episodes), at=at)
    announce_rebuilt(episodes, stamp=stamp)
    run.state, run.undone_at, run.undone_by = ImportState.UNDONE, at, by
    run.save(update_fields=["state", "undone_at", "undone_by"])
    record("import.undone", by=by, at=at, object_id=run.id)
    return run


def _lock(run: ImportRun, episode_ids: Iterable[UUID]) -> None:
    """Whoever would log a contact meanwhile waits, and then finds no episode; whoever was faster is seen."""
    rows = Episode.objects.filter(_of(run), id__in=list(episode_ids)).order_by("id")
    list(rows.select_for_update().values_list("id"))


def _of(run: ImportRun) -> Q:
    return Q(organization_id=run.organization_id)


def _brought(kind: type[Fact], run: ImportRun) -> QuerySet[Fact]:
    found: QuerySet[Fact] = kind.objects.live().filter(_of(run), import_id=run.id)
    return found


def _refuse_if_built_on(run: ImportRun) -> None:
    if run.summary.get("replaced"):
        raise ImportBuiltOn(
            "This import changed records that were there before, so it cannot be undone as a whole. "
            "Correct those records on the charts."
        )
    if any(kind.objects.filter(_of(run), import_id=run.id, voided_at__isnull=False).exists() for kind in _KINDS):
        raise ImportBuiltOn("Something of this import was corrected since. Correct the rest on the charts.")
    built = [*(str(kind._meta.verbose_name) for kind in _facts() if _rests_on(kind, run)), *_handled(run)]
    if built:
        raise ImportBuiltOn(
            f"Patients of this import have been worked with since ({_and(sorted(set(built)))}). "
            "Correct what is wrong on the charts."
        )


def _facts(kind: type[Fact] = Fact) -> Iterator[type[Fact]]:
    """Every kind of fact that there is, also those of apps above."""
    for each in kind.__subclasses__():
        yield each
        yield from _facts(each)


def _rests_on(kind: type[Fact], run: ImportRun) -> bool:
    """Whether something live of this kind, which the import did not bring, refers to something that it brought."""
    brought = {Episode, Patient, Referral, CaseReview}
    to = [(field.name, field.related_model) for field in kind._meta.concrete_fields if field.related_model in brought]
    others = kind.objects.live().filter(_of(run)).exclude(import_id=run.id)
    return any(
        others.filter(**{f"{name}__in": model.objects.filter(_of(run), import_id=run.id)}).exists()
        for name, model in to
    )


def _handled(run: ImportRun) -> list[str]:
    """What was done with the import's patients that is no fact of its own: merged, or a referral taken further."""
    mine = Patient.objects.filter(_of(run), import_id=run.id)
    merged = PatientMerge.objects.filter(Q(kept__in=mine) | Q(merged__in=mine), _of(run), undone_at__isnull=True)
    begun = Referral.objects.live().filter(_of(run), import_id=run.id)
    begun = begun.filter(~Q(state=ReferralState.REFERRED) | Q(is_eligible__isnull=False))
    return [*(["merged records"] if merged.exists() else []), *(["referral"] if begun.exists() else [])]


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
