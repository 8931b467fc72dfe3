"""Looking through who may do what: kept while it goes on, then signed and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from bhi.accounts.errors import ReviewChanged, ReviewSigned
from bhi.accounts.models import AccessReview
from bhi.accounts.queries.access_reviews import Decision, ReviewShown, quarter_of, review_of
from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership, Organization

# What was decided about each seat, by its id: the decision and the reason.
Chosen = Mapping[str, tuple[str, str]]


class LinesOpen(DomainError):
    """Some seat has no decision, or a change without a reason. `seats` are which."""

    def __init__(self, seats: frozenset[str]) -> None:
        super().__init__("Decide about everybody, and say why where something changes or ends.")
        self.seats = seats


@transaction.atomic
def keep_access_review(*, by: Membership, at: datetime, today: date, chosen: Chosen) -> None:
    """What was chosen so far waits for the next sitting; of whom nothing is said, what was kept stays.

    Raises ReviewSigned.
    """
    row = _row(by=by, at=at, today=today)
    row.lines = [line.stored for line in _decided(by, today, chosen).lines]
    row.save(update_fields=["lines"])
    record("access_review.kept", by=by, at=at, object_id=row.id)


@transaction.atomic
def sign_access_review(*, by: Membership, at: datetime, today: date, chosen: Chosen, fingerprint: str) -> AccessReview:
    """The list with a decision about every seat, as it is at this instant: it stays so.

    `fingerprint` is that of what was looked at; of whom nothing is said, what was kept counts. Raises ReviewChanged
    when somebody's access changed since, LinesOpen, ReviewSigned.
    """
    row = _row(by=by, at=at, today=today)
    shown = _decided(by, today, chosen)
    if shown.fingerprint != fingerprint:
        raise ReviewChanged
    is_open = frozenset(
        line.seat for line in shown.lines if not line.decision or (line.decision != Decision.KEEP and not line.reason)
    )
    if is_open:
        raise LinesOpen(is_open)
    row.lines = [line.stored for line in shown.lines]
    row.signed_at, row.signed_by, row.signed_as = at, by, str(by)
    row.save(update_fields=["lines", "signed_at", "signed_by", "signed_as"])
    record("access_review.signed", by=by, at=at, object_id=row.id)
    return row


def _row(*, by: Membership, at: datetime, today: date) -> AccessReview:
    """The present quarter's, made when it is first needed; one writer at a time."""
    Organization.objects.select_for_update(no_key=True).get(id=by.organization_id)
    rows = AccessReview.objects.filter(organization_id=by.organization_id, quarter=quarter_of(today))
    row = rows.first()
    if row is None:
        return AccessReview.objects.create(
            organization_id=by.organization_id, quarter=quarter_of(today), begun_at=at, begun_by=by
        )
    if row.signed_at:
        raise ReviewSigned
    return row


def _decided(by: Membership, today: date, chosen: Chosen) -> ReviewShown:
    shown = review_of(by.organization_id, quarter_of(today), today=today)
    lines = []
    for line in shown.lines:
        decision, reason = chosen.get(line.seat, (line.decision, line.reason))
        known = decision if decision in set(Decision) else ""
        lines.append(replace(line, decision=known, reason=reason.strip()[:300]))
    return replace(shown, lines=tuple(lines))
