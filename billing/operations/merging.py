"""Putting two records of one person together, and taking them apart again.

Every row that refers to the merged record goes over to the one that is kept, whatever its table. What moved and what
was there before is written down in the merge itself, so that undoing it restores exactly that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model, Q

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.models import AccessAlignment
from billing.operations.batches import lock_claims
from billing.queries.merging import FIELDS, HOME, is_fact, keys_to_patient, refusal, rows_of
from caseload.models import Draft, TimeEntry
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import lock_people
from caseload.operations.together import hold_again, move_time, release_held
from registry.models import Coverage, Episode, Patient, PatientMerge, RecordNumber, Restriction, RiskCase, SafetyPlan
from registry.operations.part_two_scope import refresh_part_two
from registry.operations.recording import Stamp, announce_change, record_facts, stamped, void_facts
from registry.operations.risk_merging import fold_cases, unfold_cases
from registry.operations.risk_opening import open_case_of
from registry.rules.names import sort_name
from registry.rules.people import as_text

# Ranks and numbers are exchanged by way of some that none has: constraints look at each row as it is changed.
_ASIDE = 1000
GATHER: Final = "gather_merged"
# Of which a patient has one (a draft: one of each writer). Where both records have one the kept record's holds, and the
# other stays behind: it is there again when the merge is undone. A restriction left behind still limits who sees the
# record that goes on (registry.queries.sight).
_ONE: Final[dict[type[Model], tuple[str, ...]]] = {
    AccessAlignment: ("organization_id",),
    Draft: ("membership_id",),
    Restriction: ("organization_id",),
}
# No request lives as long.
_UNTIL_EVERYBODY_IS_DONE = timedelta(minutes=2)


class MergeRefused(DomainError):
    """The two records cannot be one person's, as they stand. The sentence says what to do first."""


class MergeStands(DomainError):
    """The merge cannot be taken apart any more, or not yet. The sentence says why."""


@transaction.atomic
def merge_patients(
    *, by: Membership, at: datetime, kept_id: UUID, merged_id: UUID, take: Collection[str] = ()
) -> PatientMerge:
    """Let one record go on under another. `take` names the fields (and HOME) whose value comes from the merged one.

    Raises MergeRefused when both were enrolled at once, have an open referral each, a claim for one month each, or a
    month that was posted of the one and claimed of the other; NotFound when either is not there, was voided or merged
    already.
    """
    lock_claims(by.organization_id)
    kept, merged = _locked(by, kept_id, merged_id)
    because = refusal(kept_id, merged_id)
    if because:
        raise MergeRefused(because)
    ledger: dict[str, Any] = {"kept": _values(kept), "merged": _values(merged)}
    ledger["numbers"] = _number_plans(kept_id, merged_id)
    ledger["ranks"] = _rank_coverages(kept_id, merged_id)
    ledger["risk"] = fold_cases(kept_id, merged_id, stamp=Stamp(by, at))
    ledger["rows"] = [_move(model, field, kept_id, merged_id) for model, field in keys_to_patient()]
    ledger["held"] = release_held(kept_id)
    ledger["restricted"] = kept.is_restricted
    kept.is_restricted = kept.is_restricted or merged.is_restricted
    ledger["record_number"] = _take(kept, merged, take, stamp=Stamp(by, at))
    ledger["after"] = _values(kept)
    merge = PatientMerge(
        organization_id=by.organization_id, kept=kept, merged=merged, at=at, by=by, moved=_plain(ledger)
    )
    merge.save(force_insert=True)
    refresh_part_two((kept_id, merged_id))
    for person in (kept, merged):
        record("patient.merged", by=by, at=at, patient_id=person.id, object_id=merge.id)
    _tell(Stamp(by, at), kept_id)
    queue(
        GATHER,
        organization_id=by.organization_id,
        key=str(merge.id),
        at=at,
        arguments={"merge_id": merge.id},
        run_after=at + _UNTIL_EVERYBODY_IS_DONE,
    )
    return merge


@transaction.atomic
def undo_merge(*, by: Membership, at: datetime, merge_id: UUID) -> PatientMerge:
    """Take a merge apart: everything that moved goes back, with what was added to its enrolments since.

    What was added to the person since stays with the kept record. Raises MergeStands when it was taken apart before,
    the kept record was merged further, or something that moved was taken back or overlaps now; NotFound.
    """
    lock_claims(by.organization_id)
    merge = PatientMerge.objects.filter(organization_id=by.organization_id, id=merge_id).first()
    if merge is None:
        raise NotFound
    if merge.undone_at is not None:
        raise MergeStands("This merge was taken apart before.")
    kept, merged = _locked_again(by, merge)
    ledger = merge.moved
    try:
        with transaction.atomic():
            _restore(kept, merged, ledger, stamp=Stamp(by, at))
    except IntegrityError:
        raise MergeStands(
            "Something was recorded since that cannot be split between the two records, such as overlapping time. "
            "Settle it first, then take the merge apart."
        ) from None
    merge.undone_at, merge.undone_by = at, by
    merge.save(update_fields=["undone_at", "undone_by"])
    refresh_part_two((kept.id, merged.id))
    for person in (kept, merged):
        record("patient.unmerged", by=by, at=at, patient_id=person.id, object_id=merge.id)
        _tell(Stamp(by, at), person.id)
    return merge


@transaction.atomic
def gather_late(*, organization_id: UUID, at: datetime, merge_id: UUID) -> int:
    """Let go over what somebody was just writing for the merged record while the merge was made. Returns how many.

    They waited for the merge, and then wrote for the record that they had opened. What came so stays with the kept
    record when the merge is undone, unless it belongs to an enrolment that goes back. A row that cannot go over,
    because the kept record has one of its kind already, makes the job fail, and is so seen.
    """
    merge = PatientMerge.objects.select_related("merged", "by").get(organization_id=organization_id, id=merge_id)
    kept_id = merge.merged.merged_into_id
    if merge.undone_at is not None or kept_id is None:
        return 0
    late = [(model, field) for model, field in keys_to_patient() if model not in _ONE]
    late = [(model, field) for model, field in late if rows_of(model, field, merge.merged_id).exists()]
    if not late:
        return 0
    _number_plans(kept_id, merge.merged_id)
    _rank_coverages(kept_id, merge.merged_id)
    fold_cases(kept_id, merge.merged_id, stamp=Stamp(merge.by, at))
    moved = sum(len(_move(model, field, kept_id, merge.merged_id)[2]) for model, field in late)
    refresh_part_two((kept_id, merge.merged_id))
    _tell(Stamp(merge.by, at), kept_id)
    return moved


def _locked(by: Membership, kept_id: UUID, merged_id: UUID) -> tuple[Patient, Patient]:
    """Both records as they are now, in the order in which everybody locks: people, episodes, then the patients.

    Patients are locked so that nobody can refer to them meanwhile. Raises NotFound.
    """
    both = (kept_id, merged_id)
    if kept_id == merged_id:
        raise NotFound
    of_both = Q(organization_id=by.organization_id, patient_id__in=both)
    lock_people(TimeEntry.objects.filter(of_both).values_list("by_id", flat=True).distinct())
    list(Episode.objects.filter(of_both).order_by("id").select_for_update(no_key=True).values_list("id"))
    found = Patient.objects.live().filter(organization_id=by.organization_id, id__in=both)
    people = {person.id: person for person in found.order_by("id").select_for_update()}
    if len(people) != len(both):
        raise NotFound
    return people[kept_id], people[merged_id]


def _locked_again(by: Membership, merge: PatientMerge) -> tuple[Patient, Patient]:
    of_kept = Q(organization_id=by.organization_id, patient_id=merge.kept_id)
    lock_people(TimeEntry.objects.filter(of_kept).values_list("by_id", flat=True).distinct())
    list(Episode.objects.filter(of_kept).order_by("id").select_for_update(no_key=True).values_list("id"))
    found = Patient.objects.filter(organization_id=by.organization_id, id__in=(merge.kept_id, merge.merged_id))
    people = {person.id: person for person in found.order_by("id").select_for_update()}
    if merge.kept_id not in people:
        raise NotFound
    if merge.merged_id not in people:
        raise MergeStands(
            "The other record is one that you may not open. Somebody who may open both can take the merge apart."
        )
    kept, merged = people[merge.kept_id], people[merge.merged_id]
    if kept.merged_into_id is not None:
        raise MergeStands("The record that was kept was merged into another since. Take that merge apart first.")
    return kept, merged


def _values(patient: Patient) -> dict[str, Any]:
    """What a merge may change of a record, as it is."""
    return {name: getattr(patient, name) for name in (*FIELDS, "clinic_id", "mrn", "sort_name")}


def _move(model: type[Model], field: str, kept_id: UUID, merged_id: UUID) -> list[Any]:
    """Let the rows of one table refer to the kept record. Returns the table, the column and which rows."""
    rows = rows_of(model, field, merged_id)
    if model in _ONE:
        kept_ones = set(rows_of(model, field, kept_id).values_list(*_ONE[model]))
        rows = rows.exclude(id__in=[row.id for row in rows if _key(row, *_ONE[model]) in kept_ones])
    if model is RiskCase and open_case_of(kept_id) is not None:
        rows = rows.exclude(closed_at__isnull=True)  # it goes on in the kept record's, see fold_cases
    ids = list(rows.order_by("id").values_list("id", flat=True))
    _point(model, field, ids, kept_id)
    return [model._meta.label, field, ids]


def _key(row: Any, *columns: str) -> tuple[Any, ...]:
    return tuple(getattr(row, column) for column in columns)


def _point(model: type[Model], field: str, ids: Collection[Any], patient_id: UUID) -> int:
    """Returns how many rows were changed."""
    if model is TimeEntry:
        return move_time(ids, patient_id)
    rows = model._default_manager.filter(id__in=ids)
    return (rows.filter(voided_at__isnull=True) if is_fact(model) else rows).update(**{field: patient_id})


def _rank_coverages(kept_id: UUID, merged_id: UUID) -> list[list[Any]]:
    """The merged record's insurances pay after those of the kept one. Returns their ranks of before."""
    moving = list(Coverage.objects.live().filter(patient_id=merged_id).order_by("rank", "id"))
    last = max(Coverage.objects.live().filter(patient_id=kept_id).values_list("rank", flat=True), default=0)
    before = [[coverage.id, coverage.rank] for coverage in moving]
    _number(Coverage, "rank", [(coverage.id, last + place) for place, coverage in enumerate(moving, start=1)])
    return before


def _number_plans(kept_id: UUID, merged_id: UUID) -> list[list[Any]]:
    """Both records' safety plans in one count, in the order of their days. Returns their numbers of before."""
    found = SafetyPlan.objects.live().filter(patient_id__in=(kept_id, merged_id)).order_by("on", "recorded_at", "id")
    plans = list(found)
    if len({plan.patient_id for plan in plans}) < 2:
        return []
    _number(SafetyPlan, "number", [(plan.id, place) for place, plan in enumerate(plans, start=1)])
    return [[plan.id, plan.number] for plan in plans]


def _number(model: type[Model], field: str, numbers: Iterable[tuple[Any, int]]) -> None:
    """Give rows numbers, aside first, so that no two have one number in between."""
    pairs = list(numbers)
    _set(model, field, [(row_id, _ASIDE + place) for place, (row_id, _) in enumerate(pairs)])
    _set(model, field, pairs)


def _set(model: type[Model], field: str, numbers: Iterable[tuple[Any, int]]) -> None:
    for row_id, number in numbers:
        model._default_manager.filter(id=row_id).update(**{field: number})


def _take(kept: Patient, merged: Patient, take: Collection[str], *, stamp: Stamp) -> UUID | None:
    """Give the kept record the chosen values; the record number that is not chosen is kept as another one.

    Returns the id of that record number.
    """
    for name in FIELDS:
        if name in take:
            setattr(kept, name, getattr(merged, name))
    home, other = (kept.clinic_id, kept.mrn), (merged.clinic_id, merged.mrn)
    if HOME in take:
        home, other = other, home
    merged.merged_into = kept
    merged.mrn = merged.mrn if home == (kept.clinic_id, kept.mrn) else ""
    merged.save(update_fields=["merged_into", "mrn"])
    kept.clinic_id, kept.mrn = home
    kept.sort_name = sort_name(kept.family_name, kept.given_name, kept.middle_name)
    kept.save(update_fields=[*FIELDS, "clinic", "mrn", "sort_name", "is_restricted"])
    known = RecordNumber.objects.live().filter(clinic_id=other[0], mrn=other[1])
    if not other[1] or home == other or known.exists():
        return None
    number = stamped(RecordNumber, stamp, patient=kept, clinic_id=other[0], mrn=other[1])
    record_facts([number])
    return number.id


def _restore(kept: Patient, merged: Patient, ledger: dict[str, Any], *, stamp: Stamp) -> None:
    """Everything as the ledger says it was. IntegrityError where that cannot be any more."""
    if ledger["record_number"]:
        number = RecordNumber.objects.live().filter(id=ledger["record_number"])
        void_facts(list(number), stamp=stamp, reason="The merge was taken apart")
    models = {model._meta.label: model for model, _ in keys_to_patient()}
    hold_again(ledger["held"])
    # Both records will have the same ranks and numbers again: they must not meet while rows go over one by one.
    numbered = ((Coverage, "rank", ledger["ranks"]), (SafetyPlan, "number", ledger["numbers"]))
    for model, field, pairs in numbered:
        _set(model, field, [(row_id, _ASIDE + place) for place, (row_id, _) in enumerate(_still_live(model, pairs))])
    for label, field, ids in ledger["rows"]:
        if _point(models[label], field, ids, merged.id) != len(ids) and is_fact(models[label]):
            raise MergeStands(
                "Something that came from the other record was taken back since, so the merge cannot be taken apart."
            )
    _follow_episodes(kept.id, merged.id)
    for model, field, pairs in numbered:
        _set(model, field, _still_live(model, pairs))
    _give_back(kept, merged, ledger)
    unfold_cases(ledger.get("risk", ()), stamp=stamp)


def _still_live(model: type[Model], pairs: Iterable[Any]) -> list[tuple[Any, int]]:
    wanted = {str(row_id): number for row_id, number in pairs}
    live = model._default_manager.filter(id__in=wanted, voided_at__isnull=True).values_list("id", flat=True)
    return [(row_id, wanted[str(row_id)]) for row_id in live]


def _follow_episodes(kept_id: UUID, merged_id: UUID) -> None:
    """What was added since to an enrolment that goes back goes with it."""
    episodes = list(Episode.objects.filter(patient_id=merged_id).values_list("id", flat=True))
    for model, field in keys_to_patient():
        if any(column.name == "episode" for column in model._meta.concrete_fields):
            rows = rows_of(model, field, kept_id).filter(episode_id__in=episodes)
            _point(model, field, list(rows.values_list("id", flat=True)), merged_id)


def _give_back(kept: Patient, merged: Patient, ledger: dict[str, Any]) -> None:
    """Values that the merge changed and nobody since; both records' numbers."""
    merged.merged_into, merged.mrn = None, ledger["merged"]["mrn"]
    before, after = ledger["kept"], ledger["after"]
    for name in (*FIELDS, "clinic_id", "mrn"):
        if before[name] != after[name] and as_text(getattr(kept, name)) == as_text(after[name]):
            setattr(kept, name, _read(name, before[name]))
    kept.sort_name = sort_name(kept.family_name, kept.given_name, kept.middle_name)
    kept.is_restricted = ledger.get("restricted", kept.is_restricted) if merged.is_restricted else kept.is_restricted
    kept.save(update_fields=[*FIELDS, "clinic", "mrn", "sort_name", "is_restricted"])
    merged.save(update_fields=["merged_into", "mrn"])


def _read(name: str, value: Any) -> Any:
    """A value of the ledger as its column has it: days are written as text."""
    return date.fromisoformat(value) if name.endswith(("_on", "_date")) and value else value


def _plain(value: Any) -> Any:
    """The ledger as JSON holds it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | str) else as_text(value)


def _tell(stamp: Stamp, patient_id: UUID) -> None:
    """Standing is worked out now; months are caught up by their jobs."""
    found = Episode.objects.live().filter(patient_id=patient_id).values_list("id", "enrolled_on")
    episodes = list(found)
    rebuild_standing(
        organization_id=stamp.by.organization_id, episode_ids=[episode_id for episode_id, _ in episodes], at=stamp.at
    )
    for episode_id, enrolled_on in episodes:
        announce_change([episode_id], stamp=stamp, since=enrolled_on)
