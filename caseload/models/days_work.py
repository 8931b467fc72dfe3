"""A care manager's day: the timer, what was put off, who stands in for whom, and what was asked of others."""

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from caseload.models.work import Activity, TimeEntry
from registry.models import Fact, fact_wall


class Timer(TenantModel):
    """A person's running clock on a patient, or one that ran. It lives here, so that any device shows it.

    `marks` are the instants at which a call began and ended. `stopped_at` without an entry: let go, with the reason.
    """

    membership = TenantForeignKey("tenancy.Membership")
    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    activity = models.CharField(max_length=30, choices=Activity.choices, default=Activity.TREATMENT)
    started_at = models.DateTimeField()
    marks = models.JSONField(default=list, help_text="[kind, instant] pairs: call, end_call, seen")
    stopped_at = models.DateTimeField(null=True, blank=True)
    entry = TenantForeignKey(TimeEntry, null=True, blank=True)
    let_go_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("caseload_timer", "membership", "patient", "episode", "entry"),
            AppMayOnly(
                name="caseload_timer_app",
                update=("activity", "marks", "stopped_at", "entry", "let_go_because", "patient"),
            ),
            models.UniqueConstraint(
                fields=["organization", "membership"],
                condition=Q(stopped_at__isnull=True),
                name="caseload_timer_one_running",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gte=F("started_at")),
                name="caseload_timer_in_order",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=False) | Q(entry__isnull=True, let_go_because=""),
                name="caseload_timer_running_has_no_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "membership", "stopped_at"],
                condition=Q(stopped_at__isnull=False, entry__isnull=True, let_go_because=""),
                name="caseload_timer_unsaved",
            )
        ]


class Snooze(Fact):
    """A reason why something due on an episode may wait until a day. Never for safety."""

    episode = TenantForeignKey("registry.Episode")
    task = models.CharField(max_length=30, help_text="The kind of task of the worklist")
    until_on = models.DateField()
    reason = models.CharField(max_length=300)

    class Meta:
        constraints = [
            *fact_wall("caseload_snooze", "episode", may_change=()),
            models.CheckConstraint(condition=~Q(task="safety"), name="caseload_snooze_never_safety"),
            models.CheckConstraint(condition=~Q(reason=""), name="caseload_snooze_has_reason"),
        ]
        indexes = [models.Index(fields=["organization", "episode"], name="caseload_snooze_by_episode")]


class Cover(Fact):
    """Somebody stands in for a colleague from one day to another; the patients stay the colleague's."""

    away = TenantForeignKey("tenancy.Membership")
    by = TenantForeignKey("tenancy.Membership")
    from_on = models.DateField()
    until_on = models.DateField()
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            *fact_wall("caseload_cover", "away", "by", may_change=("until_on",)),
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="caseload_cover_in_order"),
            models.CheckConstraint(condition=~Q(away=F("by")), name="caseload_cover_by_another"),
        ]
        indexes = [models.Index(fields=["organization", "by", "until_on"], name="caseload_cover_by_person")]


class HandOver(Fact):
    """An episode went from one care manager to another, with what the next one should know."""

    episode = TenantForeignKey("registry.Episode")
    given_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    given_to = TenantForeignKey("tenancy.Membership")
    on = models.DateField()
    note = models.TextField(blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = fact_wall("caseload_handover", "episode", "given_by", "given_to", may_change=("seen_at",))
        indexes = [models.Index(fields=["organization", "given_to", "on"], name="caseload_handover_by_person")]


@keeps_history("caseload_externalreferral")
class ExternalReferral(Fact):
    """A patient sent to other care beside the program: followed until they were seen there."""

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    to = models.CharField(max_length=200)
    purpose = models.CharField(max_length=300)
    sent_on = models.DateField()
    scheduled_on = models.DateField(null=True, blank=True)
    seen_on = models.DateField(null=True, blank=True)
    seen_confirmed_by = models.CharField(max_length=200, blank=True)
    check_on = models.DateField(null=True, blank=True, help_text="When to ask again whether they were seen")
    closed_on = models.DateField(null=True, blank=True)
    closed_because = models.CharField(max_length=300, blank=True, help_text="Why it ended without being seen")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_externalreferral", "patient", "episode"),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_externalreferral_once"),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(seen_on__isnull=False) | ~Q(closed_because=""),
                name="caseload_externalreferral_closed_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "check_on"],
                condition=Q(voided_at__isnull=True, closed_on__isnull=True),
                name="caseload_external_open",
            ),
            models.Index(fields=["organization", "patient"], name="caseload_external_by_patient"),
        ]


class RequestChannel(models.TextChoices):
    """How a treating clinician is asked and answers; many never sign in."""

    EHR = "ehr", "EHR message"
    PAPER = "paper", "Paper"
    PHONE = "phone", "Phone"
    IN_PERSON = "in_person", "In person"
    INBOX = "inbox", "Here"


@keeps_history("caseload_clinicianrequest")
class ClinicianRequest(Fact):
    """Something asked of the treating clinician, and the answer."""

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    asked_of = TenantForeignKey("registry.TreatingClinician")
    question = models.TextField()
    channel = models.CharField(max_length=20, choices=RequestChannel.choices)
    asked_on = models.DateField()
    due_on = models.DateField()
    answered_on = models.DateField(null=True, blank=True)
    answer = models.TextField(blank=True)
    answer_by = models.CharField(max_length=20, choices=RequestChannel.choices, blank=True)
    closed_because = models.CharField(max_length=300, blank=True, help_text="Why it needs no answer any more")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_clinicianrequest", "patient", "episode", "asked_of"),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_clinicianrequest_once"),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True) | ~Q(answer=""), name="caseload_clinicianrequest_answered"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_on"],
                condition=Q(voided_at__isnull=True, answered_on__isnull=True, closed_because=""),
                name="caseload_request_open",
            ),
            models.Index(fields=["organization", "patient"], name="caseload_request_by_patient"),
        ]


@keeps_history("caseload_workprotocol")
class WorkProtocol(TenantModel):
    """How a clinic follows up and reaches out. One row at most; without one the documented defaults hold."""

    clinic = TenantForeignKey("tenancy.Clinic")
    outreach = models.JSONField(default=list, help_text="Steps: [day, mode], from the day contact was lost")
    contact_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Contact overdue after (T18)")
    contact_lapsed_days = models.PositiveSmallIntegerField(null=True, blank=True)
    measure_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Score overdue after (T17)")
    idle_minutes = models.PositiveSmallIntegerField(default=20)
    idle_minutes_in_call = models.PositiveSmallIntegerField(default=60)
    cap_minutes = models.PositiveSmallIntegerField(default=90)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_workprotocol", "clinic", "changed_by"),
            AppMayOnly(name="caseload_workprotocol_app", update=None),
            models.UniqueConstraint(fields=["organization", "clinic"], name="caseload_workprotocol_one"),
        ]


@keeps_history("caseload_supervision")
class Supervision(TenantModel):
    """Whose notes somebody signs beside."""

    supervised = TenantForeignKey("tenancy.Membership")
    supervisor = TenantForeignKey("tenancy.Membership")
    is_current = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    made_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_supervision", "supervised", "supervisor", "made_by"),
            AppMayOnly(name="caseload_supervision_app", update=("is_current",)),
            models.CheckConstraint(condition=~Q(supervised=F("supervisor")), name="caseload_supervision_by_another"),
            models.UniqueConstraint(
                fields=["organization", "supervised"],
                condition=Q(is_current=True),
                name="caseload_supervision_one",
            ),
        ]
