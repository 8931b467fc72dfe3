"""What the practice's own system says: monthly files of charges and appointments, and what was billed before."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class FileState(models.TextChoices):
    READING = "reading", "Being read"
    PREVIEW = "preview", "Waiting for confirmation"
    TAKEN = "taken", "Taken over"
    REFUSED = "refused", "Could not be read"
    UNDONE = "undone", "Undone"
    DISCARDED = "discarded", "Discarded"


class PracticeFile(TenantModel):
    """A monthly file of charges and appointments. Facts that it brought carry its id as `import_id`: undoing voids
    them.
    """

    by = TenantForeignKey("tenancy.Membership")
    created_at = models.DateTimeField()
    name = models.CharField(max_length=200)
    stored_file = TenantForeignKey("files.StoredFile", null=True, blank=True)
    state = models.CharField(max_length=12, choices=FileState.choices)
    choices = models.JSONField(default=dict, help_text="Which column is what, and who is which practitioner")
    summary = models.JSONField(default=dict)
    refusal = models.CharField(max_length=300, blank=True)
    client_token = models.UUIDField()
    taken_at = models.DateTimeField(null=True, blank=True)
    taken_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("billing_practicefile", "by", "stored_file", "taken_by", "undone_by"),
            AppMayOnly(
                name="billing_practicefile_app",
                update=(
                    *("stored_file", "state", "choices", "summary", "refusal"),
                    *("taken_at", "taken_by", "undone_at", "undone_by"),
                ),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="billing_practicefile_once"),
        ]
        indexes = [models.Index(fields=["organization", "created_at"], name="billing_practicefile_by_time")]


class PracticeRow(TenantModel):
    """The fate of one row of a practice's file, decided before anything is written."""

    file = TenantForeignKey(PracticeFile)
    position = models.PositiveIntegerField()
    row_number = models.PositiveIntegerField()
    patient = TenantForeignKey("registry.Patient", null=True, blank=True)
    kind = models.CharField(max_length=20, help_text="What it is: visit, other service, appointment, nothing of ours")
    fate = models.CharField(max_length=20)
    label = models.CharField(max_length=300, blank=True)
    values = models.JSONField(default=dict)
    messages = models.JSONField(default=list)

    class Meta:
        constraints = [
            *tenant_wall("billing_practicerow", "file", "patient"),
            models.UniqueConstraint(fields=["organization", "file", "position"], name="billing_practicerow_position"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="billing_practicerow_by_patient")]


class LookBack(TenantModel):
    """What a clinic billed before, laid beside what its records support. It changes no record."""

    by = TenantForeignKey("tenancy.Membership")
    created_at = models.DateTimeField()
    name = models.CharField(max_length=200)
    stored_file = TenantForeignKey("files.StoredFile", null=True, blank=True)
    state = models.CharField(max_length=12, choices=FileState.choices)
    choices = models.JSONField(default=dict, help_text="Which column is what")
    against = models.CharField(
        max_length=10, default="records", help_text="records: what they support; closed: what was closed and is posted"
    )
    filing_months = models.PositiveSmallIntegerField(default=12, help_text="How long after the service a claim may go")
    first_month = models.DateField(null=True, blank=True)
    last_month = models.DateField(null=True, blank=True)
    summary = models.JSONField(default=dict)
    refusal = models.CharField(max_length=300, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *tenant_wall("billing_lookback", "by", "stored_file"),
            AppMayOnly(
                name="billing_lookback_app",
                update=(
                    *("stored_file", "state", "choices", "filing_months", "first_month", "last_month"),
                    *("summary", "refusal"),
                ),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="billing_lookback_once"),
        ]
        indexes = [models.Index(fields=["organization", "created_at"], name="billing_lookback_by_time")]


class BilledLine(TenantModel):
    """One line that was billed before, as the file says; `patient` where the file's person is one of ours."""

    look_back = TenantForeignKey(LookBack)
    position = models.PositiveIntegerField()
    row_number = models.PositiveIntegerField()
    patient = TenantForeignKey("registry.Patient", null=True, blank=True)
    label = models.CharField(max_length=300, blank=True, help_text="Whom the file names, where it is nobody of ours")
    service_on = models.DateField(null=True, blank=True)
    code = models.CharField(max_length=10, blank=True)
    units = models.SmallIntegerField(default=1)
    paid = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    npi = models.CharField(max_length=10, blank=True, db_default="", help_text="Of whoever gave the service")
    charge = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, help_text="Of all its units, where the file says it"
    )
    fate = models.CharField(max_length=20)
    messages = models.JSONField(default=list)

    class Meta:
        constraints = [
            *tenant_wall("billing_billedline", "look_back", "patient"),
            models.UniqueConstraint(fields=["organization", "look_back", "position"], name="billing_billedline_place"),
            models.CheckConstraint(
                condition=~Q(fate="read") | Q(service_on__isnull=False), name="billing_billedline_read_has_a_day"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="billing_billedline_by_patient")]
