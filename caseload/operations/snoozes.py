"""Putting a task of the worklist off, with a reason and a day; never one of safety."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import Snooze
from caseload.operations.errors import SnoozeRefused
from caseload.queries.snoozes import snooze_of
from caseload.rules.clock import local_date
from caseload.rules.worklist import fault_of_snooze
from registry.models import Episode
from registry.operations.recording import Stamp, record_facts, stamped, void_facts

TAKEN_BACK = "Taken back: it asks again."
REPLACED = "Put off anew."


@transaction.atomic
def snooze_task(*, by: Membership, at: datetime, episode_id: UUID, task: str, until_on: date, reason: str) -> Snooze:
    """A kind of task of an episode does not ask before `until_on`. A second submit changes nothing; another day or
    reason replaces what was said before. Raises SnoozeRefused, NotFound.
    """
    episode = _locked(episode_id, by.organization_id)
    today = local_date(at, ZoneInfo(episode.clinic.time_zone))
    fault = fault_of_snooze(task, until_on, reason, today=today)
    if fault is not None:
        raise SnoozeRefused(*fault)
    stamp, reason = Stamp(by, at), reason.strip()
    earlier: list[Snooze] = list(Snooze.objects.live().filter(episode=episode, task=task, until_on__gt=today))
    same = next((one for one in earlier if (one.until_on, one.reason) == (until_on, reason)), None)
    if same is not None:
        return same
    if earlier:
        void_facts(earlier, stamp=stamp, reason=REPLACED)
    made = stamped(Snooze, stamp, episode=episode, task=task, until_on=until_on, reason=reason)
    record_facts([made])
    record("task.snoozed", by=by, at=at, patient_id=episode.patient_id, object_id=made.id, fields=["until_on"])
    return made


@transaction.atomic
def end_snooze(*, by: Membership, at: datetime, snooze_id: UUID) -> None:
    """The task asks again. Raises NotFound."""
    snooze = snooze_of(snooze_id, by.organization_id)
    void_facts([snooze], stamp=Stamp(by, at), reason=TAKEN_BACK)
    record("task.snooze_ended", by=by, at=at, patient_id=snooze.episode.patient_id, object_id=snooze.id)


def _locked(episode_id: UUID, organization_id: UUID) -> Episode:
    found = Episode.objects.live().filter(organization_id=organization_id, id=episode_id)
    row: Episode | None = found.select_for_update(of=("self",), no_key=True).select_related("clinic").first()
    if row is None:
        raise NotFound
    return row
