"""What an organization checks before a month is claimed, and what a coder decided about one."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models import Fact, fact_wall


class CheckMode(models.TextChoices):
    HOLD = "hold", "Hold the month"
    NOTE = "note", "Only note it"


@keeps_history("billing_releasemode")
class ReleaseMode(TenantModel):
    """Whether one release check holds a month back or is only noted. Without a row the check's default stands."""

    check_name = models.CharField(max_length=40, help_text="A word of billing.rules.release")
    mode = models.CharField(max_length=4, choices=CheckMode.choices)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_releasemode", "changed_by"),
            AppMayOnly(name="billing_releasemode_app", update=("mode", "changed_at", "changed_by")),
            models.UniqueConstraint(fields=["organization", "check_name"], name="billing_releasemode_one"),
        ]


class DecisionKind(models.TextChoices):
    HOLD = "hold", "Hold"
    RELEASE = "release", "Release"
    BILL_LOWER = "bill_lower", "Bill lower"
    DO_NOT_BILL = "do_not_bill", "Do not bill"


class CoderDecision(Fact):
    """What a coder decided about one patient's month. The next one takes its place, and both are kept.

    `lines` are the codes and units of a lower bill; `checks` the release checks that a release saw, so that one that
    comes up later holds the month again. A decision never asks for more than the verdict supports.
    """

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    month = models.DateField(help_text="Its first day")
    kind = models.CharField(max_length=12, choices=DecisionKind.choices)
    because = models.CharField(max_length=300)
    look_again_on = models.DateField(null=True, blank=True, help_text="Of a hold: when somebody looks again")
    lines = models.JSONField(default=list, help_text="Of a lower bill: [code, units]")
    checks = models.JSONField(default=list, help_text="Of a release: the checks that it saw")

    class Meta:
        constraints = [
            *fact_wall("billing_coderdecision", "patient", "episode", may_change=("patient",)),
            models.UniqueConstraint(
                fields=["organization", "episode", "month"],
                condition=Q(voided_at__isnull=True),
                name="billing_coderdecision_one",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="billing_coderdecision_first_day"),
            models.CheckConstraint(condition=~Q(because=""), name="billing_coderdecision_says_why"),
            models.CheckConstraint(
                condition=Q(kind="hold", look_again_on__isnull=False) | ~Q(kind="hold"),
                name="billing_coderdecision_hold_has_a_day",
            ),
            models.CheckConstraint(
                condition=(Q(kind="bill_lower") & ~Q(lines=[])) | (~Q(kind="bill_lower") & Q(lines=[])),
                name="billing_coderdecision_lower_says_what",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "month"], name="billing_decision_by_month"),
            models.Index(fields=["organization", "patient"], name="billing_decision_by_patient"),
        ]
