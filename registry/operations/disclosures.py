"""Disclosures: recorded by people, and by the product where it sends something outside itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Disclosure, PartTwoConsent
from registry.operations.part_two import check_may_leave, live_of, locked_patient, refuse, sent_before
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.rules.disclosures import faults_of_disclosure
from registry.rules.part_two import Purpose, Use, held_on


@transaction.atomic
def record_disclosure(
    *, by: Membership, at: datetime, patient_id: UUID, on: date, recipient: str, recipient_address: str, what: str,
    purpose: str, why: str, consent_id: UUID | None, today: date, client_token: UUID,
) -> Disclosure:  # fmt: skip
    """Keep what was disclosed outside the product: to whom, what, why, when (45 CFR 164.528(b)(2)).

    A second submit returns the first. Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: Disclosure | None = sent_before(Disclosure, patient, client_token)
    if known is not None:
        return known
    consent = live_of(PartTwoConsent, by, patient_id, consent_id) if consent_id else None
    says = {"recipient": recipient.strip(), "what": what.strip(), "why": why.strip(), "purpose": purpose, "on": on}
    held = consent is None or held_on(
        on, signed_on=consent.signed_on, until_on=consent.until_on, revoked_on=consent.revoked_on
    )
    marked = {"is_marked": patient.is_part_two, "has_consent": consent is not None, "consent_held": held}
    refuse(faults_of_disclosure(**says, **marked, today=today))  # type: ignore[arg-type]
    made = stamped(
        Disclosure,
        Stamp(by, at),
        patient=patient,
        recipient_address=recipient_address.strip(),
        consent=consent,
        client_token=client_token,
        **says,
    )
    record_facts([made])
    record("disclosure.recorded", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(says))
    return made


def disclose(
    *, by: Membership, at: datetime, patient_id: UUID, on: date, use: Use, recipient: str, what: str, object_id: UUID
) -> Disclosure:
    """Let something of a record leave by the product, and keep that it did; an object is told of once a day.

    In the transaction of what leaves. Raises PartTwoRefused where no consent allows it.
    """
    check_may_leave(organization_id=by.organization_id, patient_id=patient_id, use=use, on=on)
    of = {"organization_id": by.organization_id, "patient_id": patient_id, "object_id": object_id, "on": on}
    known: Disclosure | None = Disclosure.objects.live().filter(**of, purpose=use.value).first()
    if known is not None:
        return known
    says: dict[str, Any] = {"recipient": recipient[:200], "what": what[:300], "purpose": use.value}
    consent = None if use is Use.TO_PATIENT else _standing_consent(by.organization_id, patient_id, on)
    says |= {"consent": consent, "object_id": object_id, "on": on}
    made = stamped(Disclosure, Stamp(by, at), patient_id=patient_id, **says)
    record_facts([made])
    return made


@transaction.atomic
def void_disclosure(*, by: Membership, at: datetime, patient_id: UUID, disclosure_id: UUID, reason: str) -> None:
    """It was recorded in error; it and the reason are kept. Raises ReasonMissing, AlreadyVoided, NotFound."""
    found = live_of(Disclosure, by, patient_id, disclosure_id)
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    record("disclosure.voided", by=by, at=at, patient_id=patient_id, object_id=disclosure_id, fields=["void_reason"])


def _standing_consent(organization_id: UUID, patient_id: UUID, on: date) -> PartTwoConsent | None:
    """The consent that lets a marked record leave, for the row to name."""
    rows = PartTwoConsent.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    standing = rows.filter(purpose=Purpose.TPO, revoked_at__isnull=True, signed_on__lte=on).exclude(until_on__lt=on)
    found: PartTwoConsent | None = standing.order_by("-signed_on", "-id").first()
    return found
