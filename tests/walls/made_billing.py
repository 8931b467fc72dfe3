"""What the access matrix asks for among months, claims and what surrounds them, each for the organization of a seat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from bhi.files.operations import store
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import BatchFormat, BillingProvider
from billing.operations.closing import close_month
from billing.operations.paper_sheets import ask_for_month_paper, keep_paper
from billing.queries.paper_sheets import paper_asked
from registry.models import Patient
from tests.billing.people import AT, program
from tests.factories.billing import (
    BatchFactory,
    BilledLineFactory,
    ClaimFactory,
    ClaimLineFactory,
    LookBackFactory,
    OtherServiceFactory,
    PayerProfileFactory,
    PracticeFileFactory,
    PracticeRowFactory,
    ServiceMonthFactory,
)
from tests.factories.caseload import (
    EpisodeStandingFactory,
)
from tests.factories.claims import (
    AcknowledgementFactory,
    AnswerFileFactory,
    BillingProviderFactory,
    ChargeFeeFactory,
    ChargePostedFactory,
    ClinicianRateFactory,
    DenialFactory,
    PacketFactory,
    PayerFeeFactory,
    ReceiverFactory,
    RefundFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
)
from tests.factories.registry import (
    PayerFactory,
)
from tests.factories.tenancy import NOW, ClinicFactory
from tests.walls.made import episode


def month_row(seat: Membership) -> Mapping[str, Any]:
    made = ServiceMonthFactory(organization=seat.organization, episode=episode(seat))
    return {"month": "2026-02", "episode_id": made.episode.id}


def clinic_in_month(seat: Membership) -> Mapping[str, Any]:
    return {"month": "2026-02", "clinic_id": episode(seat).clinic.id}


def look_back(seat: Membership, **fields: Any) -> Mapping[str, Any]:
    """Compared: one line of a patient of ours."""
    made = LookBackFactory(
        organization=seat.organization,
        first_month=date(2026, 2, 1),
        last_month=date(2026, 2, 28),
        summary={"rows": 1, "lines": 1, "problems": [], "questions": []},
        **fields,
    )
    BilledLineFactory(organization=seat.organization, look_back=made, patient=episode(seat).patient)
    return {"look_back_id": made.id}


def look_back_preview(seat: Membership) -> Mapping[str, Any]:
    """Read, and to settle."""
    file = store(
        b"MRN,DOS,CPT\nMRN-77120,02/28/2026,99492\n",
        organization_id=seat.organization.id,
        purpose="look back",
        media_type="text/csv",
        at=NOW,
    )
    return look_back(seat, state="preview", stored_file=file)


def batch(seat: Membership, **fields: Any) -> Mapping[str, Any]:
    file = store(
        b"Quuxworth,Zebediah", organization_id=seat.organization.id, purpose="batch", media_type="text/csv", at=NOW
    )
    made = BatchFactory(organization=seat.organization, stored_file=file, **fields)
    ClaimFactory(organization=seat.organization, batch=made, episode=episode(seat))
    return {"batch_id": made.id}


def refused_file(seat: Membership) -> Mapping[str, Any]:
    """Its claims go out anew, or are to be mended first."""
    made = batch(seat, format=BatchFormat.X12)
    AcknowledgementFactory(
        organization=seat.organization, claim=None, batch_id=made["batch_id"], kind="999", is_accepted=False, code="R"
    )
    return made


def packet(seat: Membership) -> Mapping[str, Any]:
    """Made, and not expired."""
    of = {"organization": seat.organization, "episode": episode(seat)}
    made = PacketFactory(**of, asked_by=seat, made_at=NOW, content_sha256="ab" * 32)
    made.stored_file = store(
        b"Quuxworth, Zebediah",
        organization_id=seat.organization.id,
        purpose=f"packet {made.id.hex}",
        media_type="application/pdf",
        at=NOW,
        expires_at=timezone.now() + timedelta(days=1),
    )
    made.save(update_fields=["stored_file"])
    return {"packet_id": made.id}


def packet_part(seat: Membership) -> Mapping[str, Any]:
    return {**packet(seat), "part": "1"}


def packet_list(seat: Membership) -> Mapping[str, Any]:
    packet(seat)
    return {}


def logo(seat: Membership) -> Mapping[str, Any]:
    """One for all seats of the organization."""
    if BillingProvider.objects.filter(organization=seat.organization).exists():
        return {}
    file = store(b"a picture", organization_id=seat.organization.id, purpose="logo", media_type="image/png", at=NOW)
    BillingProviderFactory(organization=seat.organization, logo=file)
    return {}


def denial(seat: Membership) -> Mapping[str, Any]:
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    return {"denial_id": DenialFactory(organization=seat.organization, remittance_claim__claim=claim).id}


def denial_list(seat: Membership) -> Mapping[str, Any]:
    denial(seat)
    return {}


def lost_claim(seat: Membership) -> Mapping[str, Any]:
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    ClaimLineFactory(organization=seat.organization, claim=claim, amount=160)
    given_up = {"state": "written_off", "note": "Below the cost of an appeal."}
    DenialFactory(organization=seat.organization, remittance_claim__claim=claim, **given_up)
    return {"month": "2026-02"}


def refund(seat: Membership) -> Mapping[str, Any]:
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    return {"refund_id": RefundFactory(organization=seat.organization, claim=claim).id}


def refund_list(seat: Membership) -> Mapping[str, Any]:
    refund(seat)
    return {}


def filed_claim(seat: Membership) -> Mapping[str, Any]:
    of_seat = episode(seat)
    number = f"00001-00001-{uuid7().hex[-6:].upper()}"
    made = ClaimFactory(organization=seat.organization, episode=of_seat, control_number=number, number=1)
    return {"claim_id": made.id}


def payer(seat: Membership) -> Mapping[str, Any]:
    return {"payer_id": PayerFactory(organization=seat.organization, name=f"Northwind {uuid7()}").id}


def payer_profile(seat: Membership) -> Mapping[str, Any]:
    profile = PayerProfileFactory(organization=seat.organization, payer__name=f"Northwind {uuid7()}", set_by=seat)
    return {"payer_id": profile.payer_id, "profile_id": profile.id}


def other_service(seat: Membership) -> Mapping[str, Any]:
    standing = EpisodeStandingFactory(organization=seat.organization, episode=episode(seat))
    service = OtherServiceFactory(organization=seat.organization, patient=standing.patient, biller="Zebediah")
    return {"patient_id": standing.patient.id, "service_id": service.id}


def practice_file(seat: Membership) -> Mapping[str, Any]:
    file = PracticeFileFactory(organization=seat.organization)
    PracticeRowFactory(organization=seat.organization, file=file, fate="visit", patient=episode(seat).patient)
    return {"file_id": file.id}


def receiver(seat: Membership) -> Mapping[str, Any]:
    return {"receiver_id": ReceiverFactory(organization=seat.organization).id}


def charge_fee(seat: Membership) -> Mapping[str, Any]:
    return {"fee_id": ChargeFeeFactory(organization=seat.organization).id}


def payer_fee(seat: Membership) -> Mapping[str, Any]:
    fee = PayerFeeFactory(organization=seat.organization)
    return {"payer_id": fee.payer.id, "fee_id": fee.id}


def clinician_rate(seat: Membership) -> Mapping[str, Any]:
    return {"rate_id": ClinicianRateFactory(organization=seat.organization).id}


def answer_file(seat: Membership) -> Mapping[str, Any]:
    """A remittance of one claim, with its bytes."""
    content = store(b"ISA", organization_id=seat.organization.id, purpose="answer", media_type="text/plain", at=NOW)
    file = AnswerFileFactory(organization=seat.organization, stored_file=content)
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    remittance = RemittanceFactory(organization=seat.organization, file=file, position=1)
    RemittanceClaimFactory(organization=seat.organization, remittance=remittance, claim=claim)
    return {"file_id": file.id}


def answer_claim(seat: Membership) -> Mapping[str, Any]:
    """A payment of a claim, which somebody matched by hand."""
    names = {"patient": "Quuxworth, Zebediah"}
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    row = RemittanceClaimFactory(
        organization=seat.organization, claim=claim, names=names, matched_at=NOW, matched_by=seat
    )
    return {"remittance_claim_id": row.id}


def answers_to_match(seat: Membership) -> Mapping[str, Any]:
    """A payment of a claim that nobody knows."""
    RemittanceClaimFactory(organization=seat.organization, claim=None, names={"patient": "Quuxworth, Zebediah"})
    return {}


def acknowledgement(seat: Membership) -> Mapping[str, Any]:
    """What was said of a claim that nobody knows."""
    return {"acknowledgement_id": AcknowledgementFactory(organization=seat.organization, claim=None).id}


def closed_charge_of_one(seat: Membership) -> Mapping[str, Any]:
    """A month that bills, closed at its clinic."""
    people = program(seat.organization, ClinicFactory(organization=seat.organization))
    made = people.billing_patient("Quuxworth", mrn="MRN-77120")
    Patient.objects.filter(id=made.patient_id).update(given_name="Zebediah")
    close_month(by=people.by, at=AT, clinic_id=people.clinic.id, month="2026-02", note="Seen.", client_token=uuid7())
    return {"month": "2026-02", "episode_id": made.id}


def closed_charge(seat: Membership) -> Mapping[str, Any]:
    return {"month": closed_charge_of_one(seat)["month"]}


def posted_charge(seat: Membership) -> Mapping[str, Any]:
    made = ChargePostedFactory(organization=seat.organization, episode=episode(seat))
    return {"month": "2026-01", "posted_id": made.id}


def closed_list(seat: Membership) -> Mapping[str, Any]:
    """A list that was compared with what was closed."""
    return look_back(seat, against="closed")


def sheets_of_month(seat: Membership) -> Mapping[str, Any]:
    return {"month": "2026-02", "kind": "charges"}


def sheets_of_batch(seat: Membership) -> Mapping[str, Any]:
    """Of a batch that left as 837P."""
    return {"batch_id": BatchFactory(organization=seat.organization, format="x12").id, "kind": "forms"}


def paper(seat: Membership) -> Mapping[str, Any]:
    """Asked for by the seat itself: the making is of whoever asks."""
    at, of = timezone.now(), episode(seat)
    return {"job_id": ask_for_month_paper(by=seat, at=at, month="2026-02", kind="forms", episode_id=of.id)}


def paper_part(seat: Membership) -> Mapping[str, Any]:
    job_id, at = paper(seat)["job_id"], timezone.now()
    shows = frozenset(filter(None, [paper_asked(job_id, owner=seat).patient_id]))
    parts = [(b"Quuxworth, Zebediah", shows)]
    keep_paper(organization_id=seat.organization.id, job_id=job_id, parts=parts, at=at)
    return {"job_id": job_id, "part": "1"}
