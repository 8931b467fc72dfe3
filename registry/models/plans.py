"""What is known at the start, what is planned, and what to do in danger: numbered versions, each kept."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.fields import TenantForeignKey
from registry.models.episodes import Episode
from registry.models.facts import Fact, fact_wall
from registry.models.people import Patient, TreatingClinician


class InitialAssessment(Fact):
    """A version of the first assessment: the later ones update it, nothing is entered twice.

    The parts of `content` are those of registry.rules.initial_assessment.
    """

    episode = TenantForeignKey(Episode)
    number = models.PositiveSmallIntegerField()
    on = models.DateField()
    content = models.JSONField(default=dict)

    class Meta:
        constraints = [
            *fact_wall("registry_initialassessment", "episode", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "episode", "number"], name="registry_initialassessment_number"
            ),
        ]


class CarePlan(Fact):
    """A dated version of the plan. Those of an import have no number and only their date.

    The parts of `content` are those of registry.rules.care_plans.
    """

    episode = TenantForeignKey(Episode)
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    on = models.DateField()
    text = models.TextField(blank=True)
    content = models.JSONField(default=dict)
    is_assumed = models.BooleanField(default=False, help_text="Dated by an import whose file said nothing of plans")

    class Meta:
        constraints = [
            *fact_wall("registry_careplan", "episode", may_change=()),
            models.UniqueConstraint(fields=["organization", "episode", "number"], name="registry_careplan_number"),
        ]
        indexes = [models.Index(fields=["organization", "episode"], name="registry_careplan_by_episode")]


class PlanSignOff(Fact):
    """The treating clinician agreed to a version of the plan, and how they said so."""

    plan = TenantForeignKey(CarePlan)
    treating_clinician = TenantForeignKey(TreatingClinician)
    on = models.DateField()
    how = models.CharField(max_length=60, help_text="Signed in, verbally, by message …")

    class Meta:
        constraints = [
            *fact_wall("registry_plansignoff", "plan", "treating_clinician", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "plan"], condition=Q(voided_at__isnull=True), name="registry_plansignoff_one"
            ),
        ]


class SafetyPlan(Fact):
    """A version of what the patient does in danger; it belongs to the person and outlives an episode.

    The parts of `content` are those of registry.rules.safety_plans.
    """

    patient = TenantForeignKey(Patient)
    number = models.PositiveSmallIntegerField()
    on = models.DateField()
    content = models.JSONField(default=dict)

    class Meta:
        constraints = [
            *fact_wall("registry_safetyplan", "patient", may_change=("patient", "number")),
            models.UniqueConstraint(
                fields=["organization", "patient", "number"],
                condition=Q(voided_at__isnull=True),
                name="registry_safetyplan_number",
            ),
        ]


class RelapsePlan(Fact):
    """A version of what keeps a patient well after the goal is reached, and what to do when it slips.

    The parts of `content` are those of registry.rules.relapse_plans.
    """

    episode = TenantForeignKey(Episode)
    number = models.PositiveSmallIntegerField()
    on = models.DateField()
    content = models.JSONField(default=dict)

    class Meta:
        constraints = [
            *fact_wall("registry_relapseplan", "episode", may_change=()),
            models.UniqueConstraint(fields=["organization", "episode", "number"], name="registry_relapseplan_number"),
        ]
