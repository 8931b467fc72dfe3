"""One row per episode of what lists sort and filter on."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from caseload.rules.days import FOREVER

_OPEN = ~Q(status="discharged")


class EpisodeStanding(TenantModel):
    """Rebuilt whole, in the transaction of each write that can change it; never edited in part.

    The `_from` dates say from which day something holds if nothing more is recorded, also in the future, so
    that a day passing needs no write.
    """

    episode = TenantForeignKey("registry.Episode")
    patient = TenantForeignKey("registry.Patient")
    clinic = TenantForeignKey("tenancy.Clinic")
    care_manager = TenantForeignKey("tenancy.Membership", null=True)
    sort_name = models.CharField(max_length=310)
    status = models.CharField(max_length=30)
    enrolled_on = models.DateField()
    phq9_baseline = models.PositiveSmallIntegerField(null=True)
    phq9_last = models.PositiveSmallIntegerField(null=True)
    phq9_last_on = models.DateField(null=True)
    phq9_series = models.JSONField(default=list, help_text="Totals in order, for the sparkline")
    gad7_baseline = models.PositiveSmallIntegerField(null=True)
    gad7_last = models.PositiveSmallIntegerField(null=True)
    gad7_last_on = models.DateField(null=True)
    gad7_series = models.JSONField(default=list)
    item9_last = models.PositiveSmallIntegerField(null=True)
    response_state = models.CharField(max_length=20, default="no_baseline")
    last_contact_on = models.DateField(null=True, help_text="Last contact in which the patient was reached")
    last_review_on = models.DateField(null=True)
    next_due_on = models.DateField(null=True)
    next_due_purpose = models.CharField(max_length=200, blank=True)
    signals = models.JSONField(default=list, help_text="Each with its rule, evidence and the day from which it holds")
    safety_from = models.DateField(null=True)
    overdue_from = models.DateField(null=True)
    stalled_from = models.DateField(null=True)
    rebuilt_at = models.DateTimeField()

    class Meta:
        constraints = [
            *tenant_wall("caseload_episodestanding", "episode", "patient", "clinic", "care_manager"),
            models.UniqueConstraint(fields=["organization", "episode"], name="caseload_standing_one"),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "sort_name"], name="caseload_standing_by_name"),
            # The first page of a list of open episodes is read off these in the order in which it stands.
            models.Index(
                F("organization"),
                Coalesce("next_due_on", Value(FOREVER)),
                F("sort_name"),
                F("episode"),
                condition=_OPEN,
                name="caseload_standing_open_by_due",
            ),
            models.Index(
                fields=["organization", "sort_name", "episode"], condition=_OPEN, name="caseload_standing_open_by_name"
            ),
            models.Index(
                fields=["organization", "safety_from"],
                condition=Q(safety_from__isnull=False),
                name="caseload_standing_safety",
            ),
        ]


class SavedView(TenantModel):
    """A seat's own filters and order of the caseload, under a name. Holds no patient's data."""

    membership = TenantForeignKey("tenancy.Membership")
    name = models.CharField(max_length=60)
    choices = models.JSONField(default=dict, help_text="What the list's form would have sent")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            *tenant_wall("caseload_savedview", "membership"),
            models.UniqueConstraint(fields=["organization", "membership", "name"], name="caseload_savedview_name"),
        ]
