"""The work done for a patient. Pass `organization`, and `episode` where it matters."""

from datetime import date, timedelta
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from caseload.models import (
    CaseReview,
    Contact,
    EpisodeStanding,
    FollowUp,
    ImportFile,
    ImportMapping,
    ImportRow,
    ImportRun,
    Recommendation,
    SavedView,
    TimeEntry,
)
from tests.factories.files import StoredFileFactory
from tests.factories.registry import EpisodeFactory, FactFactory, same_organization, system_seat
from tests.factories.tenancy import NOW, MembershipFactory


class ContactFactory(FactFactory):
    """A treatment call on the day of NOW."""

    class Meta:
        model = Contact

    patient = factory.SelfAttribute("episode.patient")
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    by = factory.SubFactory(MembershipFactory, **same_organization())
    on = date(2026, 3, 2)
    started_at = NOW
    activity = "treatment"
    mode = "phone"
    client_token = factory.LazyFunction(uuid4)


class TimeEntryFactory(FactFactory):
    """Twenty minutes from NOW by a care manager; `minutes` and `starts_at` change that."""

    class Meta:
        model = TimeEntry

    class Params:
        starts_at = NOW
        minutes = 20

    patient = factory.SelfAttribute("episode.patient")
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    by = factory.SubFactory(MembershipFactory, **same_organization())
    role = "care_manager"
    activity = "treatment"
    service = "cocm"
    span = factory.LazyAttribute(lambda entry: (entry.starts_at, entry.starts_at + timedelta(minutes=entry.minutes)))
    client_token = factory.LazyFunction(uuid4)


class UntimedEntryFactory(TimeEntryFactory):
    """Twenty minutes on the day of NOW of which nobody knows the clock time."""

    span = None
    on = date(2026, 3, 2)
    seconds = factory.LazyAttribute(lambda entry: entry.minutes * 60)


class FollowUpFactory(FactFactory):
    class Meta:
        model = FollowUp

    patient = factory.SelfAttribute("episode.patient")
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    due_on = date(2026, 3, 16)
    purpose = "PHQ-9 and medication"


class CaseReviewFactory(FactFactory):
    class Meta:
        model = CaseReview

    patient = factory.SelfAttribute("episode.patient")
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    on = date(2026, 2, 24)


class RecommendationFactory(FactFactory):
    class Meta:
        model = Recommendation

    review = factory.SubFactory(CaseReviewFactory, **same_organization())
    kind = "continue"


class EpisodeStandingFactory(DjangoModelFactory):
    """A bare row; `caseload.operations` rebuilds real ones."""

    class Meta:
        model = EpisodeStanding

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    clinic = factory.SelfAttribute("episode.clinic")
    sort_name = factory.SelfAttribute("patient.sort_name")
    status = factory.SelfAttribute("episode.status")
    enrolled_on = factory.SelfAttribute("episode.enrolled_on")
    rebuilt_at = NOW


class ImportRunFactory(DjangoModelFactory):
    class Meta:
        model = ImportRun

    by = factory.LazyAttribute(lambda run: system_seat(run.organization))
    created_at = NOW
    state = "preview"


class ImportMappingFactory(DjangoModelFactory):
    class Meta:
        model = ImportMapping

    name = factory.Sequence(lambda n: f"Roster {n}")
    saved_at = NOW
    saved_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SavedViewFactory(DjangoModelFactory):
    class Meta:
        model = SavedView

    membership = factory.LazyAttribute(lambda row: system_seat(row.organization))
    name = factory.Sequence(lambda n: f"Mine {n}")
    saved_at = NOW


class ImportFileFactory(DjangoModelFactory):
    class Meta:
        model = ImportFile

    run = factory.SubFactory(ImportRunFactory, **same_organization())
    position = 1
    name = "tracker.xlsx"
    stored_file = factory.SubFactory(StoredFileFactory, **same_organization())


class ImportRowFactory(DjangoModelFactory):
    class Meta:
        model = ImportRow

    run = factory.SubFactory(ImportRunFactory, **same_organization())
    position = factory.Sequence(lambda n: n)
    sheet = "Patients"
    row_number = 2
    kind = "patient"
    fate = "new"
