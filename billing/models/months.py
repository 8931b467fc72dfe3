"""Months rolled up, and what was asked of a payer."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class ServiceMonth(TenantModel):
    """One episode in one calendar month of its clinic's zone, with its counted seconds as last rolled up.

    Zone and instants are fixed when it is made. Pages count from live rows; this is for sweeps, sums and the
    nightly comparison.
    """

    episode = TenantForeignKey("registry.Episode")
    patient = TenantForeignKey("registry.Patient")
    month = models.DateField(help_text="Its first day")
    time_zone = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cocm_seconds = models.PositiveIntegerField(default=0)
    bhi_seconds = models.PositiveIntegerField(default=0)
    ccm_seconds = models.PositiveIntegerField(default=0)
    logged_seconds = models.PositiveIntegerField(default=0)
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            *tenant_wall("billing_servicemonth", "episode", "patient"),
            models.UniqueConstraint(fields=["organization", "episode", "month"], name="billing_servicemonth_one"),
            models.CheckConstraint(condition=Q(month__day=1), name="billing_servicemonth_first_day"),
        ]
        indexes = [models.Index(fields=["organization", "month"], name="billing_servicemonth_by_month")]


class Batch(TenantModel):
    """A file of claims that left. It is written once; fetching it again gives the same bytes."""

    month = models.DateField(help_text="Its first day")
    number = models.PositiveIntegerField(help_text="Counts up within the organization")
    made_at = models.DateTimeField()
    made_by = TenantForeignKey("tenancy.Membership")
    client_token = models.UUIDField()
    claim_count = models.PositiveIntegerField()
    stored_file = TenantForeignKey("files.StoredFile")

    class Meta:
        constraints = [
            *tenant_wall("billing_batch", "made_by", "stored_file"),
            AppMayOnly(name="billing_batch_app"),
            models.UniqueConstraint(fields=["organization", "number"], name="billing_batch_number"),
            models.UniqueConstraint(fields=["organization", "client_token"], name="billing_batch_once"),
        ]


class Claim(TenantModel):
    """What is asked of a payer for one patient and month, with the facts and the verdict it rests on."""

    batch = TenantForeignKey(Batch)
    number = models.PositiveIntegerField(help_text="Counts up within the batch")
    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    month = models.DateField()
    family = models.CharField(max_length=20, default="bhi", help_text="One live claim per patient, month and family")
    payer = TenantForeignKey("registry.Payer")
    service_on = models.DateField()
    facts = models.JSONField()
    facts_sha256 = models.CharField(max_length=64)
    verdict = models.JSONField()
    book = models.CharField(max_length=60)
    book_sha256 = models.CharField(max_length=64)
    is_superseded = models.BooleanField(default=False)
    frozen = TenantForeignKey(
        "billing.FrozenMonth",
        null=True,
        blank=True,
        help_text="The closed month that it asks for",
    )

    class Meta:
        constraints = [
            *tenant_wall("billing_claim", "batch", "patient", "episode", "payer", "frozen"),
            AppMayOnly(name="billing_claim_app", update=("is_superseded", "patient")),
            models.UniqueConstraint(
                fields=["organization", "patient", "month", "family"],
                condition=Q(is_superseded=False),
                name="billing_claim_one_live",
            ),
            models.UniqueConstraint(fields=["organization", "batch", "number"], name="billing_claim_number"),
        ]


class ClaimLine(TenantModel):
    """A code and its units. Never edited: a correction negates it and issues another."""

    claim = TenantForeignKey(Claim)
    number = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=10)
    units = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)

    class Meta:
        constraints = [
            *tenant_wall("billing_claimline", "claim"),
            AppMayOnly(name="billing_claimline_app"),
            models.UniqueConstraint(fields=["organization", "claim", "number"], name="billing_claimline_number"),
        ]
