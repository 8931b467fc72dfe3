"""Putting a task of the worklist off, with a reason and a day; never one of safety."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from caseload.models import Snooze
from caseload.operations.errors import SnoozeRefused
from caseload.operations.standing import rebuild_standing
from caseload.operations.treatment_changes import locked_episode
from caseload.queries.snoozes import snooze_of
from caseload.rules.clock import local_date
from caseload.rules.signals import PUT_OFF_TASK
from caseload.rules.worklist import fault_of_snooze
from registry.operations.recording import Stamp, record_facts, stamped, void_facts

TAKEN_BACK = "Taken back: it asks again."
REPLACED = "Put off anew."


@transaction.atomic
def snooze_task(*, by: Membership, at: datetime, episode_id: UUID, task: str, until_on: date, reason: str) -> Snooze:
    """A kind of task of an episode, or a signal (`signal:` and its word), does not ask before `until_on`.

    A second submit changes nothing; another day or reason replaces what was said before. Raises SnoozeRefused,
    NotFound.
    """
    episode = locked_episode(by.organization_id, episode_id)
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
    _rank_anew(task, episode.id, by=by, at=at)
    return made


@transaction.atomic
def end_snooze(*, by: Membership, at: datetime, snooze_id: UUID) -> Snooze:
    """The task or signal asks again. Raises NotFound."""
    snooze = snooze_of(snooze_id, by.organization_id)
    void_facts([snooze], stamp=Stamp(by, at), reason=TAKEN_BACK)
    record("task.snooze_ended", by=by, at=at, patient_id=snooze.episode.patient_id, object_id=snooze.id)
    _rank_anew(snooze.task, snooze.episode_id, by=by, at=at)
    return snooze


def _rank_anew(task: str, episode_id: UUID, *, by: Membership, at: datetime) -> None:
    """Lists sort by signals that ask: with one put off, or no longer, the patient stands elsewhere."""
    if task.startswith(PUT_OFF_TASK):
        rebuild_standing(organization_id=by.organization_id, episode_ids=[episode_id], at=at)
