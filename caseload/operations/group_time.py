"""One call for several patients, shared out by the person who held it: never split by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from bhi.tenancy.models import Membership
from caseload.models import TimeEntry
from caseload.operations.errors import MoreThanTheCall
from caseload.operations.timekeeping import Work, lock_people, record_time
from caseload.rules.group_time import consecutive, whole_minutes
from caseload.rules.worktime import WorkTime


@dataclass(frozen=True)
class Share:
    """The minutes of a call that were one patient's."""

    episode_id: UUID
    minutes: int


@transaction.atomic
def record_group_time(
    *,
    by: Membership,
    at: datetime,
    span: tuple[datetime, datetime],
    shares: Sequence[Share],
    client_token: UUID,
    work: Work,
) -> tuple[TimeEntry, ...]:
    """An entry for each patient, one after another from the start of the call, in the order given.

    A second call with the same token returns the first entries. Raises MoreThanTheCall, and what `record_time` raises.
    """
    lock_people([by.id])
    spans = consecutive(span, [share.minutes for share in shares])
    if spans is None:
        raise MoreThanTheCall(whole_minutes(span), sum(share.minutes for share in shares))
    return tuple(
        record_time(
            by=by,
            at=at,
            episode_id=share.episode_id,
            time=WorkTime(span=own),
            client_token=uuid5(client_token, str(share.episode_id)),
            work=work,
        )
        for share, own in zip(shares, spans, strict=True)
    )
