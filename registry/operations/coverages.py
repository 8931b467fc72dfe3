"""What pays for a patient: in which order, with which number, from when to when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Max

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.models import Coverage, CoverageCheck, Patient, Payer
from registry.operations.errors import CoverageTaken, DateOutOfOrder, HolderIncomplete, SourceMissing
from registry.operations.people import payer_named
from registry.operations.persons import ChangedMeanwhile, lock_patient
from registry.operations.recording import Stamp, announce_change, record_facts, refusing, stamped, void_facts
from registry.queries.episodes import episode_ids_of
from registry.rules.holders import held_by, holder_faults
from registry.rules.people import as_text, changed_meanwhile, reordered

_ONE_PER_RANK = {"registry_coverage_one_per_rank": CoverageTaken}
# Ranks are exchanged by way of numbers that none has: the constraint looks at every row as it is changed.
_ASIDE = 1000


@transaction.atomic
def insure(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    payer: Payer | None = None,
    payer_name: str = "",
    member_id: str = "",
    plan_name: str = "",
    from_on: date | None = None,
    until_on: date | None = None,
    held: Mapping[str, Any] | None = None,
) -> Coverage:
    """Another insurance, after those that there are; of a payer, or of one that is named. Sent twice, kept once.

    `held` says who holds it, where that is not the patient, and under which group (fields of rules.holders.HELD).

    Raises DateOutOfOrder, HolderIncomplete.
    """
    _in_order(from_on, until_on)
    _check_holder(held or {}, at)
    lock_patient(patient.id)
    payer = payer or payer_named(by=by, name=payer_name)
    said = {"member_id": member_id, "plan_name": plan_name, "from_on": from_on, "until_on": until_on}
    values: dict[str, Any] = {**said, **held_by(held or {})}
    same: Coverage | None = Coverage.objects.live().filter(patient=patient, payer=payer, **values).first()
    if same is not None:
        return same
    last = _open_ones(patient.id).aggregate(last=Max("rank"))["last"] or 0
    coverage = stamped(Coverage, Stamp(by, at), patient=patient, payer=payer, rank=last + 1, **values)
    with refusing(_ONE_PER_RANK):
        record_facts([coverage])
    _tell("coverage.added", coverage, by=by, at=at, fields=["payer", *values])
    return coverage


@transaction.atomic
def change_coverage(
    *,
    by: Membership,
    at: datetime,
    coverage_id: UUID,
    values: Mapping[str, Any],
    payer_name: str = "",
    shown: Mapping[str, str] | None = None,
) -> Coverage:
    """Change an insurance: `payer_id`, `member_id`, `plan_name`, `from_on`, `until_on` (a last day ends it), and who
    holds it.

    `payer_name` names another payer instead of `payer_id`.

    Raises ChangedMeanwhile, CoverageTaken when it is opened again while another stands in its place, DateOutOfOrder,
    HolderIncomplete, NotFound.
    """
    coverage = _live(by, coverage_id)
    if payer_name:
        values = {**values, "payer_id": payer_named(by=by, name=payer_name).id}
    if "relationship" in values:
        _check_holder(values, at)
        values = held_by(values)
    stored = {name: getattr(coverage, name) for name in values}
    crossed = changed_meanwhile(shown or {}, stored, values)
    if crossed:
        raise ChangedMeanwhile(crossed)
    changed = [name for name, value in values.items() if as_text(value) != as_text(stored[name])]
    if not changed:
        return coverage
    before = coverage.from_on
    for name in changed:
        setattr(coverage, name, values[name])
    _in_order(coverage.from_on, coverage.until_on)
    with refusing(_ONE_PER_RANK):
        coverage.save(update_fields=changed)
    fields = [name.removesuffix("_id") if name == "payer_id" else name for name in changed]
    _tell("coverage.changed", coverage, by=by, at=at, fields=fields, since=before)
    return coverage


@transaction.atomic
def move_coverage(*, by: Membership, at: datetime, coverage_id: UUID, up: bool) -> None:
    """Let an open insurance pay before the one above it, or after the one below. Raises NotFound."""
    coverage = _live(by, coverage_id)
    lock_patient(coverage.patient_id)
    open_ones = list(_open_ones(coverage.patient_id).order_by("rank", "id"))
    before = [str(one.id) for one in open_ones]
    order = reordered(before, str(coverage.id), up=up)
    if order == tuple(before):
        return
    _open_ones(coverage.patient_id).update(rank=F("rank") + _ASIDE)
    for rank, one in enumerate(order, start=1):
        Coverage.objects.filter(id=one).update(rank=rank)
    _tell("coverage.reordered", coverage, by=by, at=at, fields=["rank"])


@transaction.atomic
def void_coverage(*, by: Membership, at: datetime, coverage_id: UUID, reason: str) -> None:
    """Take back an insurance that the patient never had. Raises ReasonMissing, AlreadyVoided, NotFound."""
    coverage = _live(by, coverage_id)
    void_facts([coverage], stamp=Stamp(by, at), reason=reason)
    _tell("coverage.voided", coverage, by=by, at=at, fields=["void_reason"])


@transaction.atomic
def record_coverage_checks(
    *, by: Membership, at: datetime, coverage_ids: Collection[UUID], on: date, source: str, is_in_force: bool
) -> int:
    """Somebody asked, on one day and at one place, whether these coverages are in force, and was told so or not so.

    Sent twice, kept once. Returns how many were kept. Raises SourceMissing, DateOutOfOrder for a day to come at a
    patient's clinic, NotFound where any of them is none of the organization's.
    """
    if not source.strip():
        raise SourceMissing
    wanted = set(coverage_ids)
    found = Coverage.objects.live().filter(organization_id=by.organization_id, id__in=wanted)
    coverages = list(
        found.select_related("patient__clinic").select_for_update(of=("self",), no_key=True).order_by("id")
    )
    if len(coverages) != len(wanted):
        raise NotFound
    zones = {one.patient.clinic.time_zone for one in coverages}
    if any(on > at.astimezone(ZoneInfo(zone)).date() for zone in zones):
        raise DateOutOfOrder("The day of the answer is still to come. Enter the day on which you asked.")
    said = {"on": on, "source": source.strip(), "is_in_force": is_in_force}
    same = CoverageCheck.objects.live().filter(organization_id=by.organization_id, coverage__in=coverages, **said)
    known = set(same.values_list("coverage_id", flat=True))
    drafts = [
        stamped(CoverageCheck, Stamp(by, at), patient_id=one.patient_id, coverage=one, **said)
        for one in coverages
        if one.id not in known
    ]
    record_facts(drafts)
    for draft in drafts:
        record(
            "coverage.checked", by=by, at=at, patient_id=draft.patient_id, object_id=draft.id, fields=["is_in_force"]
        )
    return len(drafts)


def _open_ones(patient_id: UUID) -> Any:
    return Coverage.objects.live().filter(patient_id=patient_id, until_on__isnull=True)


def _live(by: Membership, coverage_id: UUID) -> Coverage:
    found = Coverage.objects.live().filter(organization_id=by.organization_id, id=coverage_id)
    coverage: Coverage | None = found.select_for_update(no_key=True).first()
    if coverage is None:
        raise NotFound
    return coverage


def _check_holder(values: Mapping[str, Any], at: datetime) -> None:
    faults = holder_faults(values, today=at.date())
    if faults:
        raise HolderIncomplete(faults)


def _in_order(from_on: date | None, until_on: date | None) -> None:
    if from_on is not None and until_on is not None and until_on < from_on:
        raise DateOutOfOrder("The last day of the insurance is before its first. Correct one of them.")


def _tell(
    action: str, coverage: Coverage, *, by: Membership, at: datetime, fields: list[str], since: date | None = None
) -> None:
    record(action, by=by, at=at, patient_id=coverage.patient_id, object_id=coverage.id, fields=fields)
    first = min(filter(None, (since, coverage.from_on, at.date())))
    announce_change(episode_ids_of(coverage.patient_id), stamp=Stamp(by, at), since=first)
