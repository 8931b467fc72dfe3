"""The accounting of disclosures that a patient may ask for, claims included where part of the record is covered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.models import Claim
from billing.queries.calendar import month_title
from caseload.rules.clock import local_date, month_of
from registry.models import Disclosure
from registry.queries.disclosures import accounting_of
from registry.queries.part_two import part_two_of
from registry.rules.disclosures import consented_from


@dataclass(frozen=True, slots=True)
class Accounted:
    """A disclosure as the patient is told of it (45 CFR 164.528(b)(2))."""

    on: date
    recipient: str
    address: str
    what: str
    why: str


def accounting_whole(
    organization_id: UUID, patient_id: UUID, *, asked_on: date, zone: ZoneInfo
) -> tuple[Accounted, ...]:
    """What is accounted for on a day, the oldest first. At most five statements.

    Everything of six years that HIPAA asks for; of a record under 42 CFR part 2 also what left with the patient's
    consent in three years, claims among it (2.25; docs/adr/0041).
    """
    is_covered = part_two_of(organization_id, patient_id).is_marked
    told = accounting_of(organization_id, patient_id, asked_on=asked_on, with_consented=is_covered)
    rows = [_disclosed(one) for one in told]
    if is_covered:
        rows += _claimed(organization_id, patient_id, asked_on, zone)
    return tuple(sorted(rows, key=lambda row: (row.on, row.recipient, row.what)))


def _disclosed(one: Disclosure) -> Accounted:
    why = " ".join(filter(None, (f"{one.get_purpose_display()}.", one.why, _with_consent(one))))
    return Accounted(one.on, one.recipient, one.recipient_address, one.what, why)


def _with_consent(one: Disclosure) -> str:
    if one.consent is None:
        return ""
    on = one.consent.signed_on
    return f"With the consent of {on:%B} {on.day}, {on.year}."


def _claimed(organization_id: UUID, patient_id: UUID, asked_on: date, zone: ZoneInfo) -> Iterator[Accounted]:
    """What payers were sent: batches that were handed over, but for those that only try the way."""
    sent = Claim.objects.filter(
        organization_id=organization_id, patient_id=patient_id, batch__sent_at__isnull=False, batch__is_test=False
    )
    for claim in sent.select_related("batch", "payer").order_by("batch__sent_at", "id"):
        assert claim.batch.sent_at is not None
        on = local_date(claim.batch.sent_at, zone)
        if consented_from(asked_on) <= on <= asked_on:
            what = f"Claim for services of {month_title(month_of(claim.month))}"
            yield Accounted(on, claim.payer.name, "", what, "Payment.")
