"""Who saw what, and who changed what."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class AuditEvent(TenantModel):
    """One act of one seat. Append-only. Field names, never values; ids, never names.

    Patient and object are plain ids: the ground knows no app's tables, and an event outlives what it is about.
    """

    at = models.DateTimeField()
    by = TenantForeignKey("tenancy.Membership")
    action = models.CharField(max_length=60, help_text="For example chart.viewed, contact.recorded")
    patient_id = models.UUIDField(null=True)
    object_id = models.UUIDField(null=True)
    fields = ArrayField(models.CharField(max_length=60), default=list)
    count = models.PositiveIntegerField(null=True, help_text="For lists: how many patients were shown")
    shown = ArrayField(models.UUIDField(), null=True, help_text="For lists: whom they showed")
    ip = models.GenericIPAddressField(null=True)
    session = models.CharField(max_length=16, blank=True, help_text="Beginning of the session key's fingerprint")
    request_id = models.UUIDField(null=True)

    class Meta:
        constraints = [*tenant_wall("audit_event", "by"), AppMayOnly(name="audit_event_app")]
        db_table = "audit_event"
        # Ids sort by time: a page is read straight from the end of an index.
        indexes = [
            models.Index(fields=["organization", "patient_id", "id"], name="audit_of_patient"),
            models.Index(fields=["organization", "by", "id"], name="audit_of_person"),
            models.Index(fields=["organization", "action", "id"], name="audit_of_action"),
            # What is about a seat, a setting, a file.
            models.Index(
                fields=["organization", "object_id", "id"],
                name="audit_of_object",
                condition=models.Q(patient_id__isnull=True),
            ),
            # Who stood in a list is looked for among the lists of an interval: behind row-level security no index on
            # the array's members can be used.
            models.Index(fields=["organization", "id"], name="audit_of_lists", condition=models.Q(shown__isnull=False)),
        ]


class AuditSeal(TenantModel):
    """The events of one day under one fingerprint, which holds that of the day before: a chain for each organization.

    An event that is changed, taken out or slipped in later no longer gives the same fingerprint.
    """

    day = models.DateField(help_text="In UTC")
    number = models.PositiveIntegerField(help_text="Counts up within the organization")
    event_count = models.PositiveIntegerField()
    last_event = models.UUIDField(null=True)
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            *tenant_wall("audit_seal"),
            AppMayOnly(name="audit_seal_app"),
            models.UniqueConstraint(fields=["organization", "day"], name="audit_seal_one_a_day"),
            models.UniqueConstraint(fields=["organization", "number"], name="audit_seal_number"),
        ]
        db_table = "audit_seal"
