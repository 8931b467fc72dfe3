"""Work on claims after they left: denials, money to give back, and packets for an auditor."""

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history


class DenialState(models.TextChoices):
    OPEN = "open", "Open"
    CORRECTED = "corrected", "Corrected claim sent"
    APPEALED = "appealed", "Appealed"
    WRITTEN_OFF = "written_off", "Written off"
    PAID = "paid", "Paid after all"
    SUPERSEDED = "superseded", "Answered anew"


@keeps_history("billing_denial")
class Denial(TenantModel):
    """A line, or a whole claim, that was not paid, and the work to set it right."""

    claim = TenantForeignKey("billing.Claim")
    remittance_claim = TenantForeignKey("billing.RemittanceClaim")
    remittance_line = TenantForeignKey("billing.RemittanceLine", null=True, blank=True)
    group = models.CharField(max_length=2)
    reason = models.CharField(max_length=5)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    found_on = models.DateField()
    due_on = models.DateField(null=True, blank=True, help_text="Last day to correct or appeal")
    state = models.CharField(max_length=12, choices=DenialState.choices, default=DenialState.OPEN)
    owner = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_denial", "claim", "remittance_claim", "remittance_line", "owner", "changed_by"),
            AppMayOnly(
                name="billing_denial_app", update=("state", "owner", "note", "due_on", "changed_at", "changed_by")
            ),
            models.UniqueConstraint(
                fields=["organization", "claim", "remittance_claim", "remittance_line", "group", "reason"],
                nulls_distinct=False,
                name="billing_denial_one",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("written_off", "appealed")) | ~Q(note=""), name="billing_denial_says_why"
            ),
        ]
        indexes = [models.Index(fields=["organization", "state", "due_on"], name="billing_denial_by_state")]


class RefundState(models.TextChoices):
    IDENTIFIED = "identified", "To be looked into"
    INVESTIGATING = "investigating", "Being looked into"
    CORRECTED = "corrected", "Corrected claim sent"
    REFUNDED = "refunded", "Refunded"
    NOT_OWED = "not_owed", "Nothing is owed"


@keeps_history("billing_refund")
class Refund(TenantModel):
    """Money that was paid for what records do not support any more, and the clock to give it back (42 CFR 401.305)."""

    claim = TenantForeignKey("billing.Claim")
    why = models.CharField(max_length=500)
    is_by_hand = models.BooleanField(default=False, db_default=False, help_text="Somebody put it there, and said why")
    owed = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="Left to go back when it was found, if known"
    )
    identified_on = models.DateField(help_text="Moves only earlier: somebody knew before the product found it")
    investigation_from = models.DateField(null=True, blank=True)
    investigation_until = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True, help_text="Empty: paid before the years that are looked back")
    state = models.CharField(max_length=14, choices=RefundState.choices, default=RefundState.IDENTIFIED)
    owner = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    related = models.TextField(blank=True, help_text="What was found on claims of the same cause")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    reference = models.CharField(max_length=50, blank=True, db_default="", help_text="Of a correction keyed elsewhere")
    closing_note = models.CharField(max_length=500, blank=True)
    shown_why = models.CharField(
        max_length=500, blank=True, db_default="", help_text="What was found when somebody said that nothing is owed"
    )
    shown_owed = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_refund", "claim", "owner", "changed_by"),
            AppMayOnly(
                name="billing_refund_app",
                update=(
                    *("identified_on", "investigation_from", "investigation_until", "due_on", "state", "owner"),
                    *("related", "amount", "reference", "closing_note", "shown_why", "shown_owed", "closed_on"),
                    *("changed_at", "changed_by"),
                ),
            ),
            models.UniqueConstraint(
                fields=["organization", "claim"], condition=Q(closed_on__isnull=True), name="billing_refund_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | ~Q(closing_note=""), name="billing_refund_closed_says_how"
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="billing_refund_above_nothing"
            ),
            models.CheckConstraint(
                condition=Q(investigation_until__isnull=True) | Q(investigation_until__gte=F("investigation_from")),
                name="billing_refund_in_order",
            ),
        ]


class Packet(TenantModel):
    """A PDF that answers an auditor for one patient's month or a batch. Its hash can be verified later."""

    batch = TenantForeignKey("billing.Batch", null=True, blank=True)
    episode = TenantForeignKey("registry.Episode", null=True, blank=True)
    month = models.DateField(null=True, blank=True, help_text="Its first day")
    asked_at = models.DateTimeField()
    asked_by = TenantForeignKey("tenancy.Membership")
    job_id = models.UUIDField(null=True, blank=True)
    stored_file = TenantForeignKey("files.StoredFile", null=True, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the facts that it prints")
    file_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file")
    made_at = models.DateTimeField(null=True, blank=True)
    month_count = models.PositiveIntegerField(default=0, help_text="Patients' months that it will hold")
    tells_reasons = models.BooleanField(
        default=False, help_text="It prints reasons in people's own words: for those who may see the chart"
    )

    class Meta:
        constraints = [
            *tenant_wall("billing_packet", "batch", "episode", "asked_by", "stored_file"),
            AppMayOnly(
                name="billing_packet_app",
                update=("job_id", "stored_file", "content_sha256", "file_sha256", "made_at"),
            ),
            models.CheckConstraint(
                condition=Q(batch__isnull=False, episode__isnull=True, month__isnull=True)
                | Q(batch__isnull=True, episode__isnull=False, month__isnull=False),
                name="billing_packet_of_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["organization", "asked_at"], name="billing_packet_by_time")]


class PacketPart(TenantModel):
    """One file of a packet, of some of its months; each is made by a job of its own and can be verified by itself."""

    packet = TenantForeignKey(Packet)
    number = models.PositiveSmallIntegerField()
    month_count = models.PositiveSmallIntegerField()
    stored_file = TenantForeignKey("files.StoredFile")
    content_sha256 = models.CharField(max_length=64, help_text="Of the facts that it prints")
    file_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            *tenant_wall("billing_packetpart", "packet", "stored_file"),
            AppMayOnly(name="billing_packetpart_app"),
            models.UniqueConstraint(fields=["organization", "packet", "number"], name="billing_packetpart_once"),
        ]
        indexes = [models.Index(fields=["organization", "content_sha256"], name="billing_packetpart_by_hash")]
