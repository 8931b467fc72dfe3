"""A month that is closed: frozen with its facts and verdicts, opened again only with a reason and a second person."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history

# Where nobody else may open a month again, whoever asked may do it after this long.
ALONE_AFTER = timedelta(hours=24)


class MonthClose(TenantModel):
    """A clinic's month, closed. While it is not opened again, Postgres refuses to change what it rests on:
    triggers of migration billing/0005, by the instants that are fixed here in the clinic's zone.
    """

    clinic = TenantForeignKey("tenancy.Clinic")
    month = models.DateField(help_text="Its first day")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField()
    closed_by = TenantForeignKey("tenancy.Membership")
    note = models.TextField(blank=True)
    client_token = models.UUIDField()
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When somebody asked to open it again")
    asked_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    asked_because = models.CharField(max_length=300, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    site = models.JSONField(null=True, blank=True, help_text="What its claims say of the clinic")
    site_at = models.DateTimeField(null=True, blank=True, help_text="When it took on what holds of the clinic later")
    site_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    site_because = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        constraints = [
            *tenant_wall("billing_monthclose", "clinic", "closed_by", "asked_by", "reopened_by", "site_by"),
            AppMayOnly(
                name="billing_monthclose_app",
                update=(
                    "asked_at",
                    "asked_by",
                    "asked_because",
                    "reopened_at",
                    "reopened_by",
                    "site",
                    "site_at",
                    "site_by",
                    "site_because",
                ),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="billing_monthclose_once"),
            models.UniqueConstraint(
                fields=["organization", "clinic", "month"],
                condition=Q(reopened_at__isnull=True),
                name="billing_monthclose_one",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="billing_monthclose_first_day"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="billing_monthclose_in_order"),
            models.CheckConstraint(condition=Q(closed_at__gte=F("ends_at")), name="billing_monthclose_after_its_end"),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True, asked_by__isnull=True)
                | (Q(asked_at__isnull=False, asked_by__isnull=False) & ~Q(asked_because="")),
                name="billing_monthclose_asked_why",
            ),
            # Two people, or a day to think it over.
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True, reopened_by__isnull=True)
                | (
                    Q(reopened_at__isnull=False, reopened_by__isnull=False, asked_at__isnull=False)
                    & (~Q(reopened_by=F("asked_by")) | Q(reopened_at__gte=F("asked_at") + ALONE_AFTER))
                ),
                name="billing_monthclose_reopened_by_two",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "month"], name="billing_monthclose_by_month"),
        ]


class FrozenMonth(TenantModel):
    """One patient's month as it was closed. A correction is another row with the next number and the reason.

    `lines` are codes, units and amounts; those of a correction begin with the negated ones of the row before.
    """

    close = TenantForeignKey(MonthClose)
    number = models.PositiveSmallIntegerField(default=1)
    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    month = models.DateField(help_text="Its first day")
    payer = TenantForeignKey("registry.Payer", null=True, blank=True)
    coverage = TenantForeignKey("registry.Coverage", null=True, blank=True, help_text="In force on the day asked for")
    clinician = TenantForeignKey(
        "registry.TreatingClinician", null=True, blank=True, help_text="Who treated in the month, and files it"
    )
    minutes = models.PositiveIntegerField(help_text="Whole minutes that count")
    lines = models.JSONField(default=list, help_text="[code, units, amount or null]")
    refusal = models.CharField(max_length=200, blank=True, help_text="Why nothing is asked of anybody")
    supported = models.JSONField(default=list, help_text="What the verdict supports: [code, units, amount or null]")
    release = models.JSONField(default=list, help_text="Release checks that did not pass: [word, mode, sentence]")
    decision = models.JSONField(null=True, blank=True, help_text="What the coder had decided: kind, reason, who, when")
    facts = models.JSONField()
    facts_sha256 = models.CharField(max_length=64)
    verdict = models.JSONField(null=True)
    book = models.CharField(max_length=60, blank=True)
    book_sha256 = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField()
    frozen_by = TenantForeignKey("tenancy.Membership")
    because = models.CharField(max_length=300, blank=True, help_text="Of a correction: why")

    class Meta:
        constraints = [
            *tenant_wall(
                "billing_frozenmonth", "close", "patient", "episode", "payer", "coverage", "clinician", "frozen_by"
            ),
            AppMayOnly(name="billing_frozenmonth_app", update=("patient",)),
            models.UniqueConstraint(
                fields=["organization", "close", "episode", "number"], name="billing_frozenmonth_number"
            ),
            models.CheckConstraint(condition=Q(number=1) | ~Q(because=""), name="billing_frozenmonth_corrected_why"),
        ]
        indexes = [
            models.Index(fields=["organization", "episode", "month"], name="billing_frozen_by_episode"),
            models.Index(fields=["organization", "patient", "month"], name="billing_frozen_by_patient"),
        ]


class LateKind(models.TextChoices):
    ADDED = "added", "Added"
    TAKEN_BACK = "taken_back", "Taken back"
    CORRECTED = "corrected", "Corrected"


class LateChange(TenantModel):
    """Something that was written into a closed month all the same: what, why and by whom. Corrections rest on it."""

    close = TenantForeignKey(MonthClose)
    episode = TenantForeignKey("registry.Episode")
    kind = models.CharField(max_length=12, choices=LateKind.choices)
    object_id = models.UUIDField(help_text="The entry that was added, taken back or corrected")
    because = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_latechange", "close", "episode", "by"),
            AppMayOnly(name="billing_latechange_app"),
            models.CheckConstraint(condition=~Q(because=""), name="billing_latechange_says_why"),
            models.UniqueConstraint(
                fields=["organization", "close", "kind", "object_id"], name="billing_latechange_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "episode"], name="billing_late_by_episode")]


@keeps_history("billing_monthexception")
class MonthException(TenantModel):
    """What somebody wrote about an exception of a month before it is closed: who sees to it, and what came of it."""

    clinic = TenantForeignKey("tenancy.Clinic")
    month = models.DateField(help_text="Its first day")
    episode = TenantForeignKey("registry.Episode", null=True, blank=True)
    kind = models.CharField(max_length=30)
    about = models.CharField(max_length=60, blank=True, help_text="What tells two of one kind apart")
    owner = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    is_settled = models.BooleanField(default=False)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_monthexception", "clinic", "episode", "owner", "changed_by"),
            AppMayOnly(name="billing_monthexception_app", update=None),
            models.UniqueConstraint(
                fields=["organization", "clinic", "month", "kind", "episode", "about"],
                name="billing_monthexception_one",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(is_settled=False) | ~Q(note=""), name="billing_monthexception_settled_says_how"
            ),
        ]
