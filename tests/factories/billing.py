"""Months and claims. Pass `organization`."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from billing.models import (
    AccessAlignment,
    Batch,
    BilledLine,
    Claim,
    ClaimLine,
    ClaimWithdrawal,
    ClinicianYear,
    CoderDecision,
    FrozenMonth,
    LateChange,
    LookBack,
    MonthClose,
    MonthException,
    OtherService,
    PayerProfile,
    PracticeFile,
    PracticeRow,
    PriorService,
    ReleaseMode,
    ServiceMonth,
)
from tests.factories.files import StoredFileFactory
from tests.factories.registry import (
    EpisodeFactory,
    FactFactory,
    PatientFactory,
    PayerFactory,
    TreatingClinicianFactory,
    same_organization,
    system_seat,
)
from tests.factories.tenancy import NOW, ClinicFactory

FEBRUARY = date(2026, 2, 1)


class PayerProfileFactory(DjangoModelFactory):
    class Meta:
        model = PayerProfile

    payer = factory.SubFactory(PayerFactory, **same_organization())
    book = "medicare_ffs"
    from_on = date(2020, 1, 1)


class PriorServiceFactory(FactFactory):
    class Meta:
        model = PriorService

    patient = factory.SubFactory(PatientFactory, **same_organization())
    month = date(2025, 12, 1)


class OtherServiceFactory(FactFactory):
    class Meta:
        model = OtherService

    patient = factory.SubFactory(PatientFactory, **same_organization())
    month = FEBRUARY
    code = "99490"
    is_by_billing_practitioner = True


class AccessAlignmentFactory(FactFactory):
    class Meta:
        model = AccessAlignment

    patient = factory.SubFactory(PatientFactory, **same_organization())
    is_participant = True


class ServiceMonthFactory(DjangoModelFactory):
    """February 2026 in Chicago."""

    class Meta:
        model = ServiceMonth

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    month = FEBRUARY
    time_zone = "America/Chicago"
    starts_at = datetime(2026, 2, 1, 6, tzinfo=UTC)
    ends_at = datetime(2026, 3, 1, 6, tzinfo=UTC)
    refreshed_at = NOW


class BatchFactory(DjangoModelFactory):
    class Meta:
        model = Batch

    month = FEBRUARY
    number = factory.Sequence(lambda n: n + 1)
    made_at = NOW
    made_by = factory.LazyAttribute(lambda batch: system_seat(batch.organization))
    client_token = factory.LazyFunction(uuid4)
    claim_count = 1
    stored_file = factory.SubFactory(StoredFileFactory, **same_organization())


class ClaimFactory(DjangoModelFactory):
    class Meta:
        model = Claim

    batch = factory.SubFactory(BatchFactory, **same_organization())
    number = factory.Sequence(lambda n: n + 1)
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    payer = factory.SubFactory(PayerFactory, **same_organization())
    month = FEBRUARY
    service_on = date(2026, 2, 28)
    facts = factory.LazyFunction(dict)
    facts_sha256 = "0" * 64
    verdict = factory.LazyFunction(dict)
    book = "medicare_ffs_2026"
    book_sha256 = "0" * 64


class ClaimWithdrawalFactory(DjangoModelFactory):
    class Meta:
        model = ClaimWithdrawal

    claim = factory.SubFactory(ClaimFactory, **same_organization())
    at = NOW
    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    client_token = factory.LazyFunction(uuid4)
    because = "It was keyed twice."
    payer_told = True


class ClaimLineFactory(DjangoModelFactory):
    class Meta:
        model = ClaimLine

    claim = factory.SubFactory(ClaimFactory, **same_organization())
    number = 1
    code = "99492"
    units = 1
    amount = Decimal("162.18")


class MonthCloseFactory(DjangoModelFactory):
    class Meta:
        model = MonthClose

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    month = date(2026, 1, 1)
    starts_at = datetime(2026, 1, 1, tzinfo=UTC)
    ends_at = datetime(2026, 2, 1, tzinfo=UTC)
    closed_at = NOW
    closed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    client_token = factory.LazyFunction(uuid4)


class FrozenMonthFactory(DjangoModelFactory):
    class Meta:
        model = FrozenMonth

    close = factory.SubFactory(MonthCloseFactory, **same_organization())
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    month = factory.SelfAttribute("close.month")
    minutes = 0
    facts = factory.LazyFunction(dict)
    facts_sha256 = "0" * 64
    frozen_at = NOW
    frozen_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class LateChangeFactory(DjangoModelFactory):
    class Meta:
        model = LateChange

    close = factory.SubFactory(MonthCloseFactory, **same_organization())
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    kind = "added"
    object_id = factory.LazyFunction(uuid4)
    because = "Found on paper."
    at = NOW
    by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class MonthExceptionFactory(DjangoModelFactory):
    class Meta:
        model = MonthException

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    month = FEBRUARY
    kind = "held"
    about = factory.Sequence(str)
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class ReleaseModeFactory(DjangoModelFactory):
    class Meta:
        model = ReleaseMode

    check_name = "review_old"
    mode = "hold"
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class CoderDecisionFactory(FactFactory):
    """A hold of February 2026."""

    class Meta:
        model = CoderDecision

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    month = FEBRUARY
    kind = "hold"
    because = "The plan is being looked for."
    look_again_on = date(2026, 3, 10)


class ClinicianYearFactory(DjangoModelFactory):
    class Meta:
        model = ClinicianYear

    clinician = factory.SubFactory(TreatingClinicianFactory, **same_organization())
    year = 2026
    is_qualifying = True
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class PracticeFileFactory(DjangoModelFactory):
    class Meta:
        model = PracticeFile

    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    created_at = NOW
    name = "charges.csv"
    state = "preview"
    client_token = factory.LazyFunction(uuid4)


class PracticeRowFactory(DjangoModelFactory):
    class Meta:
        model = PracticeRow

    file = factory.SubFactory(PracticeFileFactory, **same_organization())
    position = factory.Sequence(int)
    row_number = factory.Sequence(lambda n: n + 2)
    patient = factory.SubFactory(PatientFactory, **same_organization())
    kind = "visit"
    fate = "new"


class LookBackFactory(DjangoModelFactory):
    class Meta:
        model = LookBack

    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    created_at = NOW
    name = "billed.csv"
    state = "taken"
    client_token = factory.LazyFunction(uuid4)


class BilledLineFactory(DjangoModelFactory):
    class Meta:
        model = BilledLine

    look_back = factory.SubFactory(LookBackFactory, **same_organization())
    position = factory.Sequence(int)
    row_number = factory.Sequence(lambda n: n + 2)
    patient = factory.SubFactory(PatientFactory, **same_organization())
    service_on = date(2026, 2, 28)
    code = "99492"
    fate = "read"
