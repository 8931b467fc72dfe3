"""How claims leave, and what comes back. Pass `organization`."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from billing.models import (
    Acknowledgement,
    Adjustment,
    AnswerFile,
    BillingProvider,
    ChargeColumns,
    ChargeFee,
    ChargePosted,
    ClinicianRate,
    Denial,
    MatchUndone,
    Packet,
    PacketPart,
    PayerFee,
    PayerRoute,
    Receiver,
    Refund,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from tests.factories.billing import FEBRUARY, ClaimFactory
from tests.factories.files import StoredFileFactory
from tests.factories.registry import (
    EpisodeFactory,
    FactFactory,
    PayerFactory,
    TreatingClinicianFactory,
    same_organization,
    system_seat,
)
from tests.factories.tenancy import NOW


class _Changed(DjangoModelFactory):
    class Meta:
        abstract = True

    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class BillingProviderFactory(_Changed):
    class Meta:
        model = BillingProvider

    name = "Maple Grove Family Medicine"
    npi = "1234567893"
    taxonomy = "207Q00000X"
    tax_id = "841234567"
    address = "100 Main St"
    city = "Denver"
    state = "CO"
    postal_code = "802021234"
    submitter_name = "Maple Grove Family Medicine"
    submitter_id = "COCMSUB01"
    contact_name = "Billing Office"
    contact_phone = "3035550100"


class ReceiverFactory(_Changed):
    class Meta:
        model = Receiver

    name = factory.Sequence(lambda n: f"Clearinghouse {n}")
    receiver_id = "CLEARING01"
    application_id = "CLEARING01"
    sender_id = "COCMSUB01"


class PayerRouteFactory(_Changed):
    class Meta:
        model = PayerRoute

    payer = factory.SubFactory(PayerFactory, **same_organization())
    receiver = factory.SubFactory(ReceiverFactory, **same_organization())
    payer_identifier = "04112"
    filing_code = "MB"


class ChargeColumnsFactory(_Changed):
    class Meta:
        model = ChargeColumns

    columns = factory.LazyFunction(lambda: [["mrn", "Account"], ["code", "CPT"]])


class ChargeFeeFactory(FactFactory):
    class Meta:
        model = ChargeFee

    code = factory.Sequence(lambda n: f"9949{n}")
    from_on = date(2026, 1, 1)
    amount = Decimal("170.00")


class PayerFeeFactory(FactFactory):
    class Meta:
        model = PayerFee

    payer = factory.SubFactory(PayerFactory, **same_organization())
    code = "99492"
    from_on = date(2026, 1, 1)
    nonfacility = Decimal("160.32")
    source = "Contract of 2026"


class ClinicianRateFactory(FactFactory):
    class Meta:
        model = ClinicianRate

    clinician = factory.SubFactory(TreatingClinicianFactory, **same_organization())
    from_on = date(2026, 1, 1)
    percent = Decimal("85.00")


class ChargePostedFactory(FactFactory):
    """Of January: a month is posted or claimed, never both, and claims are made of February."""

    class Meta:
        model = ChargePosted

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    month = date(2026, 1, 1)
    number = "CHG-1"
    on = date(2026, 2, 2)


class AnswerFileFactory(DjangoModelFactory):
    class Meta:
        model = AnswerFile

    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    received_at = NOW
    name = "answer.835"
    sha256 = factory.LazyFunction(lambda: uuid4().hex * 2)
    kind = "835"
    state = "read"


class AcknowledgementFactory(DjangoModelFactory):
    class Meta:
        model = Acknowledgement

    file = factory.SubFactory(AnswerFileFactory, **same_organization())
    position = factory.Sequence(int)
    kind = "277CA"
    reference = "A1"
    claim = factory.SubFactory(ClaimFactory, **same_organization())
    is_accepted = True
    code = "A1:19"


class RemittanceFactory(DjangoModelFactory):
    class Meta:
        model = Remittance

    file = factory.SubFactory(AnswerFileFactory, **same_organization())
    position = factory.Sequence(int)
    trace_number = factory.Sequence(lambda n: f"EFT{n}")
    paid_on = date(2026, 3, 20)
    total = Decimal("125.65")
    posted_at = NOW


class RemittanceClaimFactory(DjangoModelFactory):
    class Meta:
        model = RemittanceClaim

    remittance = factory.SubFactory(RemittanceFactory, **same_organization())
    position = factory.Sequence(int)
    claim = factory.SubFactory(ClaimFactory, **same_organization())
    status_code = "1"
    charge = Decimal("170.00")
    paid = Decimal("125.65")


class RemittanceLineFactory(DjangoModelFactory):
    class Meta:
        model = RemittanceLine

    remittance_claim = factory.SubFactory(RemittanceClaimFactory, **same_organization())
    position = 1
    code = "99492"
    charge = Decimal("170.00")
    paid = Decimal("125.65")


class AdjustmentFactory(DjangoModelFactory):
    class Meta:
        model = Adjustment

    remittance_claim = factory.SubFactory(RemittanceClaimFactory, **same_organization())
    position = factory.Sequence(int)
    group = "CO"
    reason = "45"
    amount = Decimal("44.35")


class MatchUndoneFactory(DjangoModelFactory):
    class Meta:
        model = MatchUndone

    remittance_claim = factory.SubFactory(RemittanceClaimFactory, **same_organization(), claim=None)
    claim = factory.SubFactory(ClaimFactory, **same_organization())
    matched_at = NOW
    matched_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    undone_at = NOW
    undone_by = factory.SelfAttribute("matched_by")
    because = "It is her sister's."


class DenialFactory(_Changed):
    class Meta:
        model = Denial

    remittance_claim = factory.SubFactory(RemittanceClaimFactory, **same_organization())
    claim = factory.SelfAttribute("remittance_claim.claim")
    group = "CO"
    reason = "97"
    amount = Decimal("170.00")
    found_on = date(2026, 3, 20)


class RefundFactory(_Changed):
    class Meta:
        model = Refund

    claim = factory.SubFactory(ClaimFactory, **same_organization())
    why = "A time entry was taken back."
    identified_on = date(2026, 4, 1)
    due_on = date(2026, 5, 31)


class PacketFactory(DjangoModelFactory):
    class Meta:
        model = Packet

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    month = FEBRUARY
    asked_at = NOW
    asked_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class PacketPartFactory(DjangoModelFactory):
    class Meta:
        model = PacketPart

    packet = factory.SubFactory(PacketFactory, **same_organization())
    number = factory.Sequence(lambda n: n + 1)
    month_count = 1
    stored_file = factory.SubFactory(StoredFileFactory, **same_organization())
    content_sha256 = "cd" * 32
    file_sha256 = "ef" * 32
