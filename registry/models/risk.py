"""A concern about somebody's safety, from the moment it is known until a recorded assessment closes it.

A notice calls for a person; a case holds what that person, and those after, found and did.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models.episodes import Assessment, Episode
from registry.models.facts import Fact, fact_wall
from registry.models.people import Patient
from registry.models.self_reports import SafetyNotice


class RiskCause(models.TextChoices):
    ITEM_9 = "item_9", "Answered the question about self-harm above 0"
    SCREENER = "screener", "A suicide screener was positive"
    CONCERN = "concern", "Somebody was concerned"


class RiskTier(models.TextChoices):
    """How high the risk was assessed; `none` is an assessment that found none."""

    NONE = "none", "No risk found"
    LOW = "low", "Low"
    MODERATE = "moderate", "Moderate"
    HIGH = "high", "High"


class RiskCase(Fact):
    """One open concern about a person. Open until an assessment closes it; a later answer of 0 never does.

    `tier` is that of the last assessment that holds, empty until there is one. `recheck_on` is when it is asked again.
    """

    patient = TenantForeignKey(Patient)
    episode = TenantForeignKey(Episode, null=True, blank=True)
    clinic = TenantForeignKey("tenancy.Clinic")
    cause = models.CharField(max_length=20, choices=RiskCause.choices)
    concern = models.TextField(blank=True, help_text="What somebody saw or heard")
    assessment = TenantForeignKey(Assessment, null=True, blank=True, help_text="The answers that opened it")
    notice = TenantForeignKey(SafetyNotice, null=True, blank=True)
    opened_at = models.DateTimeField()
    opened_on = models.DateField(help_text="The clinic's local day")
    tier = models.CharField(max_length=10, choices=RiskTier.choices, blank=True)
    assessed_on = models.DateField(null=True, blank=True)
    recheck_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    closed_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    closing_note = models.TextField(blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "registry_riskcase",
                *("patient", "episode", "clinic", "assessment", "notice", "closed_by"),
                may_change=(
                    *("patient", "notice", "tier", "assessed_on", "recheck_on"),
                    *("closed_at", "closed_on", "closed_by", "closing_note"),
                ),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_riskcase_once"),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=Q(voided_at__isnull=True, closed_at__isnull=True),
                name="registry_riskcase_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(cause="concern") | ~Q(concern=""), name="registry_riskcase_concern_says_what"
            ),
            models.CheckConstraint(
                condition=Q(tier="", assessed_on__isnull=True) | (~Q(tier="") & Q(assessed_on__isnull=False)),
                name="registry_riskcase_tier_by_assessment",
            ),
            # Never cleared by itself: who closes it was there after an assessment, and says what was found.
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_on__isnull=True, closed_by__isnull=True)
                | (
                    Q(closed_at__isnull=False, closed_on__isnull=False, closed_by__isnull=False)
                    & Q(assessed_on__isnull=False)
                    & ~Q(closing_note="")
                ),
                name="registry_riskcase_closed_by_assessment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "opened_on"],
                condition=Q(voided_at__isnull=True, closed_at__isnull=True),
                name="registry_riskcase_open",
            ),
            models.Index(fields=["organization", "patient"], name="registry_risk_by_patient"),
        ]


class RiskStepKind(models.TextChoices):
    ASSESSED = "assessed", "Assessed"
    DONE = "done", "Step done"
    CALLED = "called", "Called"
    LOWERING_ASKED = "lowering_asked", "Asked to lower the tier"
    LOWERING_AGREED = "lowering_agreed", "Agreed to the lower tier"
    LOWERING_REFUSED = "lowering_refused", "Kept the tier"
    NOTE = "note", "Note"
    CLOSED = "closed", "Closed"


class RiskStep(Fact):
    """What was done about a case, by whom and when. Steps are only added.

    `key` names the step of the clinic's protocol that was done. A tier that is lower than the one before holds only
    once another licensed person agreed: `answers` points at the request.
    """

    case = TenantForeignKey(RiskCase)
    kind = models.CharField(max_length=20, choices=RiskStepKind.choices)
    key = models.CharField(max_length=30, blank=True)
    tier = models.CharField(max_length=10, choices=RiskTier.choices, blank=True)
    assessment = TenantForeignKey(Assessment, null=True, blank=True, help_text="The screener that the tier rests on")
    at = models.DateTimeField()
    on = models.DateField()
    by = TenantForeignKey("tenancy.Membership")
    who = models.CharField(max_length=200, blank=True, help_text="Who was called or told")
    text = models.TextField(blank=True)
    answers = TenantForeignKey("self", null=True, blank=True)
    signed_as = models.CharField(max_length=250, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("registry_riskstep", "case", "assessment", "by", "answers", may_change=()),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_riskstep_once"),
            models.CheckConstraint(
                condition=~Q(kind__in=["assessed", "lowering_asked"]) | ~Q(tier=""),
                name="registry_riskstep_assessed_has_tier",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["lowering_agreed", "lowering_refused"]) | Q(answers__isnull=False),
                name="registry_riskstep_answers_a_request",
            ),
            models.UniqueConstraint(
                fields=["organization", "answers"],
                condition=Q(voided_at__isnull=True, answers__isnull=False),
                name="registry_riskstep_answered_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "case", "key"],
                condition=Q(voided_at__isnull=True, kind="done"),
                name="registry_riskstep_done_once",
            ),
        ]
        indexes = [models.Index(fields=["organization", "case", "at"], name="registry_riskstep_by_case")]


@keeps_history("registry_riskprotocol")
class RiskProtocol(TenantModel):
    """What a clinic does about danger. One row at most; without one the documented defaults hold."""

    clinic = TenantForeignKey("tenancy.Clinic")
    steps = models.JSONField(default=dict, help_text="Per tier: [key, words, owner's role, minutes until due]")
    recheck_low_days = models.PositiveSmallIntegerField(default=30)
    recheck_moderate_days = models.PositiveSmallIntegerField(default=14)
    recheck_high_days = models.PositiveSmallIntegerField(default=7)
    after_hours = models.TextField(blank=True, help_text="Whom staff call outside hours, and how")
    emergency_department = models.CharField(max_length=200, blank=True)
    supervisors = ArrayField(models.UUIDField(), default=list, blank=True, help_text="Seats that may agree to lowering")
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("registry_riskprotocol", "clinic", "changed_by"),
            AppMayOnly(name="registry_riskprotocol_app", update=None),
            models.UniqueConstraint(fields=["organization", "clinic"], name="registry_riskprotocol_one"),
            models.CheckConstraint(
                condition=Q(recheck_high_days__gte=1, recheck_high_days__lte=7)
                & Q(recheck_moderate_days__gte=F("recheck_high_days"), recheck_moderate_days__lte=14)
                & Q(recheck_low_days__gte=F("recheck_moderate_days"), recheck_low_days__lte=30),
                name="registry_riskprotocol_no_laxer",
            ),
        ]


class RiskDrill(TenantModel):
    """The protocol rehearsed on a patient who does not exist. It touches no patient and no duty is called."""

    clinic = TenantForeignKey("tenancy.Clinic")
    scenario = models.CharField(max_length=20)
    begun_at = models.DateTimeField()
    begun_by = TenantForeignKey("tenancy.Membership")
    tier = models.CharField(max_length=10, choices=RiskTier.choices, blank=True)
    done = models.JSONField(default=list, help_text="[key of the step, instant, seat]")
    ended_at = models.DateTimeField(null=True, blank=True)
    remark = models.TextField(blank=True, help_text="What to mend before it is real")

    class Meta:
        constraints = [
            *tenant_wall("registry_riskdrill", "clinic", "begun_by"),
            AppMayOnly(name="registry_riskdrill_app", update=("tier", "done", "ended_at", "remark")),
        ]
        indexes = [models.Index(fields=["organization", "clinic", "begun_at"], name="registry_drill_by_clinic")]
