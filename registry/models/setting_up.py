"""What a clinic settles before and after its first patients, where no other row shows that it is done."""

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from registry.models.episodes import Program
from registry.models.facts import Fact, fact_wall
from registry.models.people import Payer


class ModelFit(TenantModel):
    """Answers to "which model fits us?" and the advice that they gave then. Asked again, it is another row."""

    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True, help_text="Empty: the organization")
    answers = models.JSONField()
    advice = models.JSONField()
    answered_at = models.DateTimeField()
    answered_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("registry_modelfit", "clinic", "answered_by"),
            AppMayOnly(name="registry_modelfit_app"),
        ]


class TrainingKind(models.TextChoices):
    RISK_PROTOCOL = "risk_protocol", "What we do about danger"
    CONSENT = "consent", "How we ask for consent"
    REGISTRY = "registry", "How we use the registry"
    PRIVACY = "privacy", "Privacy and security"


class Training(Fact):
    """Somebody was trained in something, and when it is due again: yearly, where nothing else is said."""

    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True)
    member = TenantForeignKey("tenancy.Membership")
    kind = models.CharField(max_length=20, choices=TrainingKind.choices)
    on = models.DateField()
    due_on = models.DateField()
    by_whom = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_training", "clinic", "member", may_change=()),
            models.CheckConstraint(condition=Q(due_on__gt=F("on")), name="registry_training_due_later"),
        ]
        indexes = [models.Index(fields=["organization", "member", "kind"], name="registry_training_of_member")]


class SetupAttestation(Fact):
    """Somebody said that a point of the checklist is settled which no row shows, or that it is not for this clinic."""

    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True)
    item = models.CharField(max_length=40)
    on = models.DateField()
    is_needed = models.BooleanField(default=True, help_text="False: not for this clinic, and why")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_setupattestation", "clinic", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "clinic", "item"],
                condition=Q(voided_at__isnull=True),
                name="registry_setupattestation_one",
                nulls_distinct=False,
            ),
        ]


class PilotReview(Fact):
    """Two weeks after the first patients: what works, what does not, what is changed."""

    clinic = TenantForeignKey("tenancy.Clinic")
    on = models.DateField()
    figures = models.JSONField(default=dict, help_text="As the page showed them that day")
    works = models.TextField(blank=True)
    mends = models.TextField(blank=True)
    changes = models.TextField(blank=True)
    go_on = models.BooleanField(help_text="Whether more patients are taken on")

    class Meta:
        constraints = fact_wall("registry_pilotreview", "clinic", may_change=())
        indexes = [models.Index(fields=["organization", "clinic"], name="registry_pilot_by_clinic")]


class PayerCheck(Fact):
    """Somebody asked a payer whether it covers a program's services: on which day, whom, and what was said."""

    payer = TenantForeignKey(Payer)
    program = models.CharField(max_length=10, choices=Program.choices)
    is_covered = models.BooleanField()
    on = models.DateField()
    source = models.CharField(max_length=200, help_text="Provider manual, portal, or whom one spoke to")
    note = models.CharField(max_length=300, blank=True, help_text="Authorization, codes, clause of the contract")

    class Meta:
        constraints = fact_wall("registry_payercheck", "payer", may_change=())
        indexes = [models.Index(fields=["organization", "payer", "program"], name="registry_payercheck_of_payer")]
