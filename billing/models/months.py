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


class BatchFormat(models.TextChoices):
    CSV = "csv", "Table (CSV)"
    X12 = "x12", "837P"


class Frequency(models.TextChoices):
    """CLM05-3: what a claim is to the one before it."""

    ORIGINAL = "1", "Original"
    REPLACEMENT = "7", "Replacement of an earlier claim"
    VOID = "8", "Void of an earlier claim"


class Batch(TenantModel):
    """A file of claims that left. It is written once; fetching it again gives the same bytes."""

    month = models.DateField(help_text="Its first day")
    number = models.PositiveIntegerField(help_text="Counts up within the organization")
    made_at = models.DateTimeField()
    made_by = TenantForeignKey("tenancy.Membership")
    client_token = models.UUIDField()
    claim_count = models.PositiveIntegerField()
    stored_file = TenantForeignKey("files.StoredFile")
    format = models.CharField(max_length=6, choices=BatchFormat.choices, default=BatchFormat.CSV)
    receiver = TenantForeignKey("billing.Receiver", null=True, blank=True)
    payer = TenantForeignKey("registry.Payer", null=True, blank=True)
    interchange_number = models.PositiveIntegerField(null=True, blank=True, help_text="ISA13, by organization")
    is_test = models.BooleanField(default=False, help_text="Says T: no payer keeps it, and its claims never stand")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When somebody said that it was handed over")
    sent_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("billing_batch", "made_by", "stored_file", "receiver", "payer", "sent_by"),
            AppMayOnly(name="billing_batch_app", update=("sent_at", "sent_by")),
            models.UniqueConstraint(fields=["organization", "interchange_number"], name="billing_batch_interchange"),
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
    control_number = models.CharField(max_length=20, blank=True, help_text="CLM01: comes back in every answer")
    frequency = models.CharField(max_length=1, choices=Frequency.choices, default=Frequency.ORIGINAL)
    replaces = TenantForeignKey("self", null=True, blank=True)
    payer_claim_number = models.CharField(max_length=50, blank=True, help_text="Of the claim that this one replaces")
    clinician = TenantForeignKey("registry.TreatingClinician", null=True, blank=True)
    charge = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    content = models.JSONField(default=dict, help_text="Subscriber, provider and pointers as they were filed")
    frozen = TenantForeignKey(
        "billing.FrozenMonth",
        null=True,
        blank=True,
        help_text="The closed month that it asks for",
    )

    # Sealed inside `content` (bhi.sealing.seal_text), written and read by billing.queries.kept_heads.
    sealed_json = ("content", ("head", "biller", "tax_id"))

    class Meta:
        constraints = [
            *tenant_wall("billing_claim", "batch", "patient", "episode", "payer", "frozen", "replaces", "clinician"),
            AppMayOnly(name="billing_claim_app", update=("is_superseded", "patient")),
            models.UniqueConstraint(
                fields=["organization", "patient", "month", "family"],
                condition=Q(is_superseded=False),
                name="billing_claim_one_live",
            ),
            models.UniqueConstraint(fields=["organization", "batch", "number"], name="billing_claim_number"),
            models.UniqueConstraint(
                fields=["organization", "control_number"],
                condition=~Q(control_number=""),
                name="billing_claim_control",
            ),
            models.CheckConstraint(
                condition=Q(frequency="1", replaces__isnull=True) | (~Q(frequency="1") & Q(replaces__isnull=False)),
                name="billing_claim_replaces_what",
            ),
        ]


class ClaimLine(TenantModel):
    """A code and its units. Never edited: a correction negates it and issues another."""

    claim = TenantForeignKey(Claim)
    number = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=10)
    units = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    charge = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True, help_text="Of all its units")
    control_number = models.CharField(max_length=30, blank=True, help_text="REF*6R: comes back in the remittance")

    class Meta:
        constraints = [
            *tenant_wall("billing_claimline", "claim"),
            AppMayOnly(name="billing_claimline_app"),
            models.UniqueConstraint(fields=["organization", "claim", "number"], name="billing_claimline_number"),
        ]


class ClaimWithdrawal(TenantModel):
    """A claim that was taken back without a file: no payer ever kept it, or the practice told the payer itself."""

    claim = TenantForeignKey(Claim)
    at = models.DateTimeField()
    by = TenantForeignKey("tenancy.Membership")
    client_token = models.UUIDField()
    because = models.CharField(max_length=300)
    payer_told = models.BooleanField(help_text="Outside this product, by whoever keyed it or asked for a reopening")
    reference = models.CharField(max_length=50, blank=True, help_text="Under which the payer knows of it")

    class Meta:
        constraints = [
            *tenant_wall("billing_claimwithdrawal", "claim", "by"),
            AppMayOnly(name="billing_claimwithdrawal_app"),
            models.UniqueConstraint(fields=["organization", "claim"], name="billing_claimwithdrawal_one"),
            models.CheckConstraint(condition=~Q(because=""), name="billing_claimwithdrawal_says_why"),
        ]
