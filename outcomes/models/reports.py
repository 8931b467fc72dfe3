"""Reports that were made, and who gets one every month."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from outcomes.models.measured import MeasuredMonth


class ReportKind(models.TextChoices):
    BOARD = "board", "Monthly board report"
    STATE = "state", "State metric set"
    PAYER = "payer", "Payer quality file"


class OutcomeReport(TenantModel):
    """A report of a frozen month, as PDF and CSV. Made again from the same month it says the same."""

    measured = TenantForeignKey(MeasuredMonth)
    kind = models.CharField(max_length=10, choices=ReportKind.choices)
    payer = TenantForeignKey("registry.Payer", null=True, blank=True)
    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True, help_text="None: the whole organization")
    mask_under = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    asked_by = TenantForeignKey("tenancy.Membership")
    client_token = models.UUIDField()
    made_at = models.DateTimeField(null=True, blank=True)
    pdf = TenantForeignKey("files.StoredFile", null=True, blank=True)
    csv = TenantForeignKey("files.StoredFile", null=True, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what it says")
    job_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("outcomes_outcomereport", "measured", "payer", "clinic", "asked_by", "pdf", "csv"),
            AppMayOnly(name="outcomes_outcomereport_app", update=("made_at", "pdf", "csv", "fingerprint", "job_id")),
            models.UniqueConstraint(fields=["organization", "client_token"], name="outcomes_outcomereport_once"),
            models.CheckConstraint(
                condition=Q(kind="payer", payer__isnull=False) | (~Q(kind="payer") & Q(payer__isnull=True)),
                name="outcomes_outcomereport_of_a_payer",
            ),
        ]


@keeps_history("outcomes_reportschedule")
class ReportSchedule(TenantModel):
    """A report that is made when a month is frozen, and who is told that it is there."""

    kind = models.CharField(max_length=10, choices=ReportKind.choices)
    payer = TenantForeignKey("registry.Payer", null=True, blank=True)
    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True)
    is_current = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("outcomes_reportschedule", "payer", "clinic", "changed_by"),
            AppMayOnly(name="outcomes_reportschedule_app", update=None),
            models.CheckConstraint(
                condition=Q(kind="payer", payer__isnull=False) | (~Q(kind="payer") & Q(payer__isnull=True)),
                name="outcomes_reportschedule_of_a_payer",
            ),
        ]


class ReportReader(TenantModel):
    """A seat that is told, by an e-mail with a link and nothing else."""

    schedule = TenantForeignKey(ReportSchedule)
    membership = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("outcomes_reportreader", "schedule", "membership"),
            models.UniqueConstraint(
                fields=["organization", "schedule", "membership"], name="outcomes_reportreader_once"
            ),
        ]
