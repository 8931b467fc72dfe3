"""What the invented practice knows of its payers: most are looked up, one is only assumed, one was set wrongly once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from bhi.tenancy.models import Membership
from billing.models import OtherService, PayerProfile
from billing.operations.clinician_years import set_qualifying
from billing.operations.demonstration.courses import AETNA, BLUE, MEDICARE
from billing.operations.other_services import record_other_service
from billing.operations.profiles import ProfileNotes, set_profile, withdraw_profile
from caseload.rules.clock import month_of
from registry.models import Episode, TreatingClinician
from registry.operations.people import payer_named

BOOKS: Final = {MEDICARE: "medicare_ffs", AETNA: "commercial", BLUE: "commercial"}
NOTES: Final = {
    MEDICARE: ProfileNotes(
        because="CMS booklet on behavioral health integration, January edition.",
        cost_share="20 percent after the deductible; nothing from patients with QMB.",
    ),
    AETNA: ProfileNotes(
        because="Provider line, asked in January; reference kept in the contract folder.",
        authorization="Ask by the provider portal, two weeks before.",
        authorization_after_months=12,
        cost_share="The plan's copay for a primary care visit, once a month.",
    ),
    BLUE: ProfileNotes(
        because="Contract, appendix on collaborative care.",
        attestation="Form on the care team, sent in January; to be renewed each year.",
        authorization="Fax the care plan with the last two scores.",
        authorization_after_months=3,
    ),
}
WRONG: Final = ProfileNotes(because="Read in the policy of another state's plan.")


def tell_payers(*, by: Membership, at: datetime, today: date) -> None:
    """Rules with their sources for all but one payer, a clinician of the higher rate, and two other services; once."""
    if PayerProfile.objects.filter(organization_id=by.organization_id).exclude(because="").exists():
        return
    blue = payer_named(by=by, name=BLUE)
    wrong = set_profile(
        by=by,
        at=at,
        payer=blue,
        book="commercial",
        from_on=date(today.year, 1, 1),
        options={"covers_g2214": True},
        notes=WRONG,
    )
    withdraw_profile(by=by, at=at, profile_id=wrong.id, because="That was another plan; this one does not pay G2214.")
    for name, notes in NOTES.items():
        payer = payer_named(by=by, name=name)
        set_profile(by=by, at=at, payer=payer, book=BOOKS[name], from_on=date(today.year, 1, 1), notes=notes)
    clinicians = TreatingClinician.objects.filter(organization_id=by.organization_id).order_by("sort_name")
    said = {(clinician.id, today.year): place == 0 for place, clinician in enumerate(clinicians[:2])}
    set_qualifying(by=by, at=at, said=said)
    _tell_services(by=by, at=at, today=today)


def _tell_services(*, by: Membership, at: datetime, today: date) -> None:
    """In the month that runs one patient has CCM here, and of another somebody else bills behavioral health."""
    if OtherService.objects.filter(organization_id=by.organization_id, import_id__isnull=True).exists():
        return
    episodes = Episode.objects.live().filter(organization_id=by.organization_id, ended_on__isnull=True)
    first, second = episodes.select_related("patient").order_by("enrolled_on", "id")[:2]
    month = month_of(today)
    record_other_service(
        by=by, at=at, patient=first.patient, month=month, code="99490", is_by_billing_practitioner=True, minutes=25
    )
    record_other_service(
        by=by,
        at=at,
        patient=second.patient,
        month=month,
        code="99484",
        is_by_billing_practitioner=False,
        biller="Northside Psychology",
    )
