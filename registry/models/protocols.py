"""How a clinic works: its limits, hours, tools and who is on duty. What is not set has a documented default."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models.episodes import Program


class OutsideHours(models.TextChoices):
    """What a questionnaire's link does outside the clinic's hours."""

    CLOSED = "closed", "The link waits until the clinic opens"
    NOTIFY = "notify", "Open; a positive answer is sent to whoever is on call"
    WITHOUT_DANGER = "without_danger", "Open, without questions about self-harm"


@keeps_history("registry_clinicprotocol")
class ClinicProtocol(TenantModel):
    """A clinic's own limits. One row at most; a clinic without one works by the defaults below."""

    clinic = TenantForeignKey("tenancy.Clinic")
    program = models.CharField(
        max_length=10, choices=Program.choices, default=Program.COCM, help_text="What new enrolments begin in"
    )
    first_attempt_days = models.PositiveSmallIntegerField(default=2, help_text="Business days to a first attempt")
    panel_limit = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Open episodes per care manager")
    interim_contact_days = models.PositiveSmallIntegerField(default=14, help_text="While waiting for a place")
    open_weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True, help_text="0 is Monday")
    opens_at = models.TimeField(null=True, blank=True)
    closes_at = models.TimeField(null=True, blank=True)
    outside_hours = models.CharField(max_length=20, choices=OutsideHours.choices, default=OutsideHours.CLOSED)
    crisis_text = models.TextField(blank=True)
    crisis_text_es = models.TextField(blank=True)
    read_within = models.CharField(max_length=100, blank=True, help_text="When answers are read, for patients")
    read_within_es = models.CharField(max_length=100, blank=True)
    link_days = models.PositiveSmallIntegerField(default=7)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("registry_clinicprotocol", "clinic", "changed_by"),
            AppMayOnly(name="registry_clinicprotocol_app", update=None),
            models.UniqueConstraint(fields=["organization", "clinic"], name="registry_clinicprotocol_one"),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="registry_clinicprotocol_hours",
            ),
        ]


@keeps_history("registry_clinicinstrument")
class ClinicInstrument(TenantModel):
    """A tool that a clinic uses, and how often: at first, and from the ninth week on."""

    clinic = TenantForeignKey("tenancy.Clinic")
    instrument = models.CharField(max_length=20)
    early_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="None: when it is asked for")
    later_days = models.PositiveSmallIntegerField(null=True, blank=True)
    is_sent_to_patients = models.BooleanField(default=False)
    is_in_use = models.BooleanField(default=True)
    licence_attested_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    licence_attested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("registry_clinicinstrument", "clinic", "licence_attested_by"),
            AppMayOnly(name="registry_clinicinstrument_app", update=None),
            models.UniqueConstraint(
                fields=["organization", "clinic", "instrument"], name="registry_clinicinstrument_one"
            ),
        ]


@keeps_history("registry_dutyturn")
class DutyTurn(TenantModel):
    """Who is called about danger at a clinic on a weekday between two local times; rank 1 first, then 2.

    `closes_at` not after `opens_at` means: until that time on the next day.
    """

    clinic = TenantForeignKey("tenancy.Clinic")
    member = TenantForeignKey("tenancy.Membership")
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday")
    begins_at = models.TimeField()
    ends_at = models.TimeField()
    rank = models.PositiveSmallIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    made_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("registry_dutyturn", "clinic", "member", "made_by"),
            AppMayOnly(name="registry_dutyturn_app", update=("is_current",)),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="registry_dutyturn_weekday"),
            models.UniqueConstraint(
                fields=["organization", "clinic", "weekday", "begins_at", "rank"],
                condition=Q(is_current=True),
                name="registry_dutyturn_one_a_rank",
            ),
        ]
