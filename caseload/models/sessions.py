"""The weekly psychiatric review: its standing slot, who comes, whose turn it is, and whose minutes they were."""

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from caseload.models.reviews import CaseReview
from registry.models import Fact, fact_wall


@keeps_history("caseload_reviewslot")
class ReviewSlot(TenantModel):
    """When a consultant and care managers meet each week; their caseloads are its population.

    `kept_for_stalled` of its places go to patients who do not improve, whatever crises the week brings.
    """

    name = models.CharField(max_length=80)
    clinic = TenantForeignKey("tenancy.Clinic", help_text="Whose local time it is")
    consultant = TenantForeignKey("tenancy.Membership")
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday")
    begins_at = models.TimeField()
    minutes = models.PositiveSmallIntegerField(default=60)
    places = models.PositiveSmallIntegerField(default=12, help_text="Patients in one session")
    kept_for_stalled = models.PositiveSmallIntegerField(default=6)
    is_current = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_reviewslot", "clinic", "consultant", "changed_by"),
            AppMayOnly(name="caseload_reviewslot_app", update=None),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="caseload_reviewslot_weekday"),
            models.CheckConstraint(
                condition=Q(places__gte=1, kept_for_stalled__lte=F("places")), name="caseload_reviewslot_places"
            ),
            models.UniqueConstraint(
                fields=["organization", "consultant", "weekday", "begins_at"],
                condition=Q(is_current=True),
                name="caseload_reviewslot_one",
            ),
        ]


class SlotSeat(TenantModel):
    """A care manager who comes to a slot."""

    slot = TenantForeignKey(ReviewSlot)
    membership = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_slotseat", "slot", "membership"),
            models.UniqueConstraint(fields=["organization", "slot", "membership"], name="caseload_slotseat_once"),
        ]


class SessionState(models.TextChoices):
    PLANNED = "planned", "Planned"
    LIVE = "live", "Under way"
    ENDED = "ended", "Ended"
    CANCELLED = "cancelled", "Cancelled"


class ReviewSession(Fact):
    """One meeting. Its agenda is drawn up beforehand; its minutes are posted when it ends."""

    slot = TenantForeignKey(ReviewSlot, null=True, blank=True)
    clinic = TenantForeignKey("tenancy.Clinic")
    consultant = TenantForeignKey("tenancy.Membership")
    on = models.DateField()
    planned_at = models.DateTimeField()
    planned_minutes = models.PositiveSmallIntegerField(default=60)
    places = models.PositiveSmallIntegerField(default=12)
    kept_for_stalled = models.PositiveSmallIntegerField(default=6)
    state = models.CharField(max_length=10, choices=SessionState.choices, default=SessionState.PLANNED)
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    closed_because = models.CharField(max_length=300, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "caseload_reviewsession",
                *("slot", "clinic", "consultant"),
                may_change=("state", "began_at", "ended_at", "closed_because"),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_reviewsession_once"),
            models.UniqueConstraint(
                fields=["organization", "slot", "on"],
                condition=Q(voided_at__isnull=True, slot__isnull=False),
                name="caseload_reviewsession_one_a_week",
            ),
            models.UniqueConstraint(
                fields=["organization", "consultant"],
                condition=Q(voided_at__isnull=True, state="live"),
                name="caseload_reviewsession_one_live",
            ),
            models.CheckConstraint(
                condition=Q(state="planned", began_at__isnull=True, ended_at__isnull=True)
                | Q(state="live", began_at__isnull=False, ended_at__isnull=True)
                | Q(state="ended", began_at__isnull=False, ended_at__gte=F("began_at"))
                | (Q(state="cancelled", began_at__isnull=True) & ~Q(closed_because="")),
                name="caseload_reviewsession_in_order",
            ),
        ]
        indexes = [models.Index(fields=["organization", "on"], name="caseload_session_by_day")]


class SessionSeat(TenantModel):
    """Who belongs to a session, and whether they came."""

    session = TenantForeignKey(ReviewSession)
    membership = TenantForeignKey("tenancy.Membership")
    is_present = models.BooleanField(default=True)

    class Meta:
        constraints = [
            *tenant_wall("caseload_sessionseat", "session", "membership"),
            models.UniqueConstraint(fields=["organization", "session", "membership"], name="caseload_sessionseat_once"),
        ]


class AgendaState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    REVIEWED = "reviewed", "Reviewed"
    DEFERRED = "deferred", "Deferred"
    UNFINISHED = "unfinished", "Not reached"


class AgendaItem(TenantModel):
    """A patient on a session's agenda, with why they are on it. Those not reached come first next week."""

    session = TenantForeignKey(ReviewSession)
    episode = TenantForeignKey("registry.Episode")
    place = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=30, help_text="The worst reason of the queue when it was drawn up")
    is_kept = models.BooleanField(default=False, help_text="In a place kept for those who do not improve")
    added_by = TenantForeignKey("tenancy.Membership", null=True, blank=True, help_text="By hand; else by rule")
    state = models.CharField(max_length=12, choices=AgendaState.choices, default=AgendaState.WAITING)
    deferred_because = models.CharField(max_length=300, blank=True)
    deferred_until = models.DateField(null=True, blank=True)
    review = TenantForeignKey(CaseReview, null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("caseload_agendaitem", "session", "episode", "added_by", "review"),
            models.UniqueConstraint(fields=["organization", "session", "episode"], name="caseload_agendaitem_once"),
            models.CheckConstraint(
                condition=(~Q(state="deferred") | ~Q(deferred_because=""))
                & (Q(state="reviewed", review__isnull=False) | (~Q(state="reviewed") & Q(review__isnull=True))),
                name="caseload_agendaitem_says_why",
            ),
        ]
        indexes = [models.Index(fields=["organization", "episode"], name="caseload_agenda_by_episode")]


class OpenSpell(TenantModel):
    """A patient lay open in a session from one instant to another: these minutes are that patient's."""

    session = TenantForeignKey(ReviewSession)
    item = TenantForeignKey(AgendaItem)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("caseload_openspell", "session", "item"),
            AppMayOnly(name="caseload_openspell_app", update=("ended_at",)),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="caseload_openspell_in_order"
            ),
            models.UniqueConstraint(
                fields=["organization", "session"],
                condition=Q(ended_at__isnull=True),
                name="caseload_openspell_one_open",
            ),
        ]
        indexes = [models.Index(fields=["organization", "session", "began_at"], name="caseload_spell_by_session")]
