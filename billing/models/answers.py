"""What came back: acknowledgements and remittances, line by line as received, and the claims that they answer."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class AnswerState(models.TextChoices):
    READING = "reading", "Being read"
    READ = "read", "Read"
    REFUSED = "refused", "Refused"


class AnswerFile(TenantModel):
    """An uploaded answer. The same bytes a second time change nothing."""

    by = TenantForeignKey("tenancy.Membership")
    received_at = models.DateTimeField()
    name = models.CharField(max_length=200)
    stored_file = TenantForeignKey("files.StoredFile", null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=20, blank=True, help_text="999, 277CA, 835 or several")
    state = models.CharField(max_length=10, choices=AnswerState.choices)
    refusal = models.CharField(max_length=500, blank=True)
    summary = models.JSONField(default=dict)
    unknown = models.JSONField(default=list, help_text="What nobody understood, as it stood")
    job_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("billing_answerfile", "by", "stored_file"),
            AppMayOnly(
                name="billing_answerfile_app",
                update=("stored_file", "kind", "state", "refusal", "summary", "unknown", "job_id"),
            ),
            models.UniqueConstraint(
                fields=["organization", "sha256"], condition=~Q(state="refused"), name="billing_answerfile_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "received_at"], name="billing_answerfile_by_time")]


class Acknowledgement(TenantModel):
    """What a 999 or 277CA said of a batch or of one claim of it."""

    file = TenantForeignKey(AnswerFile)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, help_text="999 or 277CA")
    reference = models.CharField(max_length=60, help_text="The control number that it names")
    is_of_claim = models.BooleanField(default=False, db_default=False, help_text="It speaks of one claim, not a file")
    names = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), help_text="Patient as received, to match by hand"
    )
    service_on = models.DateField(null=True, blank=True)
    charge = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    batch = TenantForeignKey("billing.Batch", null=True, blank=True)
    claim = TenantForeignKey("billing.Claim", null=True, blank=True)
    is_accepted = models.BooleanField()
    code = models.CharField(max_length=20, help_text="AK9/IK5 code, or STC category and status")
    detail = models.JSONField(default=list, help_text="Segment, element and code of each fault; own words elsewhere")
    payer_claim_number = models.CharField(max_length=50, blank=True)
    said_on = models.DateField(null=True, blank=True)
    counts = models.JSONField(default=dict, help_text="Of a file: how many claims were taken and refused, as received")
    matched_at = models.DateTimeField(null=True, blank=True, help_text="When a person matched it by hand")
    matched_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    set_aside_because = models.CharField(max_length=300, blank=True, help_text="Not one of ours: why")

    class Meta:
        constraints = [
            *tenant_wall("billing_acknowledgement", "file", "batch", "claim", "matched_by"),
            AppMayOnly(
                name="billing_acknowledgement_app",
                update=("batch", "claim", "names", "matched_at", "matched_by", "set_aside_because"),
            ),
            models.UniqueConstraint(fields=["organization", "file", "position"], name="billing_acknowledgement_place"),
        ]
        indexes = [
            models.Index(fields=["organization", "claim"], name="billing_ack_by_claim"),
            models.Index(fields=["organization", "batch"], name="billing_ack_by_batch"),
        ]


class Remittance(TenantModel):
    """One payment of an 835, balanced to the cent; its money stands in the claims and adjustments below it."""

    file = TenantForeignKey(AnswerFile)
    position = models.PositiveIntegerField()
    payer_name = models.CharField(max_length=80, blank=True)
    payer_identifier = models.CharField(max_length=80, blank=True)
    payee_name = models.CharField(max_length=80, blank=True, db_default="")
    payee_npi = models.CharField(max_length=10, blank=True, db_default="")
    trace_number = models.CharField(max_length=60, blank=True, help_text="Check or EFT number")
    method = models.CharField(max_length=3, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    provider_adjustments = models.JSONField(default=list, help_text="PLB: reason, reference, amount as digits")
    posted_at = models.DateTimeField()
    content_sha256 = models.CharField(max_length=64, blank=True, help_text="Of what it pays, whatever its envelope")

    class Meta:
        constraints = [
            *tenant_wall("billing_remittance", "file"),
            AppMayOnly(name="billing_remittance_app"),
            models.UniqueConstraint(fields=["organization", "file", "position"], name="billing_remittance_place"),
            # The same payment in another file is the same payment. Payments of nothing share their trace numbers.
            models.UniqueConstraint(
                fields=["organization", "payer_identifier", "trace_number", "paid_on", "total", "content_sha256"],
                condition=~Q(content_sha256=""),
                nulls_distinct=False,
                name="billing_remittance_once",
            ),
        ]


class RemittanceClaim(TenantModel):
    """What a payment says of one claim. `claim` is empty until it is known which: those wait for a person."""

    remittance = TenantForeignKey(Remittance)
    position = models.PositiveIntegerField()
    claim = TenantForeignKey("billing.Claim", null=True, blank=True)
    control_number = models.CharField(max_length=60, blank=True, help_text="CLP01")
    status_code = models.CharField(max_length=3, blank=True, help_text="CLP02")
    is_reversal = models.BooleanField(default=False)
    charge = models.DecimalField(max_digits=12, decimal_places=2)
    paid = models.DecimalField(max_digits=12, decimal_places=2)
    patient_owes = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    payer_claim_number = models.CharField(max_length=50, blank=True)
    names = models.JSONField(default=dict, help_text="Patient and member as received, to match by hand")
    unknown = models.JSONField(default=list)
    remarks = models.JSONField(default=list, help_text="Remark codes of the whole claim (MOA, MIA)")
    matched_at = models.DateTimeField(null=True, blank=True)
    matched_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    set_aside_because = models.CharField(max_length=300, blank=True, help_text="Not one of ours: why")

    class Meta:
        constraints = [
            *tenant_wall("billing_remittanceclaim", "remittance", "claim", "matched_by"),
            AppMayOnly(
                name="billing_remittanceclaim_app",
                update=("claim", "names", "unknown", "matched_at", "matched_by", "set_aside_because"),
            ),
            models.UniqueConstraint(
                fields=["organization", "remittance", "position"], name="billing_remittanceclaim_place"
            ),
        ]
        indexes = [models.Index(fields=["organization", "claim"], name="billing_remitclaim_by_claim")]


class RemittanceLine(TenantModel):
    """What a payment says of one line of a claim."""

    remittance_claim = TenantForeignKey(RemittanceClaim)
    position = models.PositiveSmallIntegerField()
    claim_line = TenantForeignKey("billing.ClaimLine", null=True, blank=True)
    line_control = models.CharField(max_length=60, blank=True, help_text="REF*6R")
    code = models.CharField(max_length=10, blank=True)
    asked_code = models.CharField(
        max_length=10, blank=True, db_default="", help_text="SVC06: as submitted, where the payer made another of it"
    )
    units = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    service_on = models.DateField(null=True, blank=True)
    charge = models.DecimalField(max_digits=12, decimal_places=2)
    paid = models.DecimalField(max_digits=12, decimal_places=2)
    allowed = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    remarks = models.JSONField(default=list, help_text="Remark codes")

    class Meta:
        constraints = [
            *tenant_wall("billing_remittanceline", "remittance_claim", "claim_line"),
            AppMayOnly(name="billing_remittanceline_app", update=("claim_line",)),
            models.UniqueConstraint(
                fields=["organization", "remittance_claim", "position"], name="billing_remittanceline_place"
            ),
        ]
        indexes = [models.Index(fields=["organization", "claim_line"], name="billing_remitline_by_line")]


class Adjustment(TenantModel):
    """Why less was paid than charged: group and reason of the payer, on a line or on the whole claim."""

    remittance_claim = TenantForeignKey(RemittanceClaim)
    remittance_line = TenantForeignKey(RemittanceLine, null=True, blank=True)
    position = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=2)
    reason = models.CharField(max_length=5)
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        constraints = [
            *tenant_wall("billing_adjustment", "remittance_claim", "remittance_line"),
            AppMayOnly(name="billing_adjustment_app"),
            models.UniqueConstraint(
                fields=["organization", "remittance_claim", "position"], name="billing_adjustment_place"
            ),
        ]
        indexes = [models.Index(fields=["organization", "reason"], name="billing_adjustment_by_reason")]


class MatchUndone(TenantModel):
    """What a person had said that an answer means, and took back: it waits again. The answer itself never changes."""

    remittance_claim = TenantForeignKey(RemittanceClaim, null=True, blank=True)
    acknowledgement = TenantForeignKey(Acknowledgement, null=True, blank=True)
    claim = TenantForeignKey("billing.Claim", null=True, blank=True)
    batch = TenantForeignKey("billing.Batch", null=True, blank=True)
    set_aside_because = models.CharField(max_length=300, blank=True)
    matched_at = models.DateTimeField()
    matched_by = TenantForeignKey("tenancy.Membership")
    undone_at = models.DateTimeField()
    undone_by = TenantForeignKey("tenancy.Membership")
    because = models.CharField(max_length=300)

    class Meta:
        constraints = [
            *tenant_wall(
                "billing_matchundone",
                *("remittance_claim", "acknowledgement", "claim", "batch", "matched_by", "undone_by"),
            ),
            AppMayOnly(name="billing_matchundone_app"),
            models.CheckConstraint(condition=~Q(because=""), name="billing_matchundone_says_why"),
            models.CheckConstraint(
                condition=Q(remittance_claim__isnull=True, acknowledgement__isnull=False)
                | Q(remittance_claim__isnull=False, acknowledgement__isnull=True),
                name="billing_matchundone_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "remittance_claim"], name="billing_undone_by_payment"),
            models.Index(fields=["organization", "acknowledgement"], name="billing_undone_by_said"),
        ]
