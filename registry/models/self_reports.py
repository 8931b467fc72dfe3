"""Questionnaires that patients answer themselves, and what happens when an answer means danger."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from registry.models.episodes import Assessment, Episode
from registry.models.facts import Fact, fact_wall
from registry.models.people import Patient


class SentBy(models.TextChoices):
    EMAIL = "email", "E-mail"
    PRINTED = "printed", "Printed code"
    TABLET = "tablet", "Tablet in the clinic"
    TEXT = "text", "Text message"


class SelfReport(Fact):
    """A link with which a patient, without an account, answers questionnaires once. The link itself is not stored."""

    patient = TenantForeignKey(Patient)
    episode = TenantForeignKey(Episode, null=True, blank=True)
    clinic = TenantForeignKey("tenancy.Clinic")
    instruments = ArrayField(models.CharField(max_length=20))
    language = models.CharField(max_length=5, default="en")
    sent_by = models.CharField(max_length=20, choices=SentBy.choices)
    token_sha256 = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When the birth date was given rightly")
    wrong_birth_dates = models.PositiveSmallIntegerField(default=0)
    session_sha256 = models.BinaryField(max_length=32, null=True, blank=True, help_text="Of the browser that confirmed")
    answers = models.JSONField(default=dict, help_text="Per instrument, until it is finished")
    finished_at = models.DateTimeField(null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "registry_selfreport",
                *("patient", "episode", "clinic"),
                may_change=(
                    *("patient", "confirmed_at", "wrong_birth_dates", "session_sha256", "answers", "finished_at"),
                    *("language", "instruments"),
                ),
            ),
            models.UniqueConstraint(fields=["organization", "token_sha256"], name="registry_selfreport_token"),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_selfreport_once"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_selfreport_by_patient")]


class NoticeCause(models.TextChoices):
    ITEM_9 = "item_9", "Answered the question about self-harm above 0"
    SCREENER = "screener", "A suicide screener was positive"


class SafetyNotice(TenantModel):
    """An answer that means danger, until somebody has taken it on and dealt with it."""

    patient = TenantForeignKey(Patient)
    clinic = TenantForeignKey("tenancy.Clinic")
    assessment = TenantForeignKey(Assessment, null=True, blank=True)
    self_report = TenantForeignKey(SelfReport, null=True, blank=True)
    cause = models.CharField(max_length=20, choices=NoticeCause.choices)
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    closing_note = models.TextField(blank=True)

    class Meta:
        constraints = [
            *tenant_wall(
                "registry_safetynotice",
                *("patient", "clinic", "assessment", "self_report", "acknowledged_by", "closed_by"),
            ),
            AppMayOnly(
                name="registry_safetynotice_app",
                update=(
                    *("patient", "assessment", "acknowledged_at", "acknowledged_by"),
                    *("closed_at", "closed_by", "closing_note"),
                ),
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | (Q(closed_by__isnull=False) & ~Q(closing_note="")),
                name="registry_safetynotice_closed_with_note",
            ),
            models.UniqueConstraint(
                fields=["organization", "self_report"],
                condition=Q(self_report__isnull=False),
                name="registry_safetynotice_one_a_report",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "raised_at"],
                condition=Q(closed_at__isnull=True),
                name="registry_safetynotice_open",
            ),
            models.Index(fields=["organization", "patient"], name="registry_notice_by_patient"),
        ]


class StepKind(models.TextChoices):
    TOLD = "told", "Told"
    NOBODY = "nobody", "Nobody was on duty"
    ACKNOWLEDGED = "acknowledged", "Took it on"
    CLOSED = "closed", "Dealt with it"


class SafetyStep(TenantModel):
    """Each step of a notice: whom it was sent to in which round, who took it on, who closed it."""

    notice = TenantForeignKey(SafetyNotice)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    round = models.PositiveSmallIntegerField(default=0, help_text="1 first on duty, 2 the next, 3 the lead")
    member = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("registry_safetystep", "notice", "member"),
            AppMayOnly(name="registry_safetystep_app", update=()),
            models.UniqueConstraint(
                fields=["organization", "notice", "round", "member"],
                condition=Q(kind="told"),
                name="registry_safetystep_told_once",
            ),
        ]
        indexes = [models.Index(fields=["organization", "notice", "at"], name="registry_step_by_notice")]
