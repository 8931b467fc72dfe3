"""Rows of the ground's other tables: stored files, jobs, audit events."""

import factory
from factory.django import DjangoModelFactory

from bhi.audit.models import AuditEvent
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from tests.factories.tenancy import NOW, MembershipFactory


class StoredFileFactory(DjangoModelFactory):
    """A row as it lies in the table; its bytes are not really sealed."""

    class Meta:
        model = StoredFile

    purpose = "test"
    media_type = "text/plain"
    sha256 = "0" * 64
    size = 6
    sealed = b"sealed"
    stored_at = NOW


class JobFactory(DjangoModelFactory):
    class Meta:
        model = Job

    kind = "test"
    key = factory.Sequence(lambda n: f"key-{n}")
    queued_at = NOW
    run_after = NOW


class AuditEventFactory(DjangoModelFactory):
    class Meta:
        model = AuditEvent

    at = NOW
    by = factory.SubFactory(MembershipFactory, organization=factory.SelfAttribute("..organization"))
    action = "chart.viewed"
