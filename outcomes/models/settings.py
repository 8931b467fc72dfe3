"""What an organization sets for its measures: targets, how small a number is masked, shares of work, payer classes."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from outcomes.models.measured import PayerClass
from registry.models import Fact, fact_wall


@keeps_history("outcomes_outcomesettings")
class OutcomeSettings(TenantModel):
    """One per organization, made when somebody first changes something; without it the defaults hold."""

    mask_under = models.PositiveSmallIntegerField(
        default=11, help_text="Counts of 1 to one below it are hidden in reports that leave"
    )
    freeze_day = models.PositiveSmallIntegerField(
        default=15, help_text="Of the month after: late notes are in by then, and the month is frozen"
    )
    productive_percent = models.PositiveSmallIntegerField(default=80, help_text="Of a care manager's paid hours")
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("outcomes_outcomesettings", "changed_by"),
            AppMayOnly(name="outcomes_outcomesettings_app", update=None),
            models.UniqueConstraint(fields=["organization"], name="outcomes_outcomesettings_one"),
            models.CheckConstraint(condition=Q(mask_under__lte=50), name="outcomes_outcomesettings_mask"),
            models.CheckConstraint(
                condition=Q(freeze_day__gte=15, freeze_day__lte=28), name="outcomes_outcomesettings_freeze_day"
            ),
            models.CheckConstraint(
                condition=Q(productive_percent__gte=10, productive_percent__lte=100),
                name="outcomes_outcomesettings_productive",
            ),
        ]


class MeasureTarget(Fact):
    """The organization's own target of a measure from a month on; without one the source's holds, if it has any."""

    measure = models.CharField(max_length=40)
    from_month = models.DateField(help_text="Its first day")
    target = models.DecimalField(max_digits=8, decimal_places=2, help_text="Percent, days, weeks, minutes or patients")

    class Meta:
        constraints = [
            *fact_wall("outcomes_measuretarget", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "measure", "from_month"],
                condition=Q(voided_at__isnull=True),
                name="outcomes_measuretarget_one",
            ),
            models.CheckConstraint(condition=Q(from_month__day=1), name="outcomes_measuretarget_first_day"),
        ]


class WorkShare(Fact):
    """How much of a full-time post a care manager works for the program, from a day on."""

    membership = TenantForeignKey("tenancy.Membership")
    from_on = models.DateField()
    fte = models.DecimalField(max_digits=3, decimal_places=2, help_text="1.00 is full time")

    class Meta:
        constraints = [
            *fact_wall("outcomes_workshare", "membership", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "membership", "from_on"],
                condition=Q(voided_at__isnull=True),
                name="outcomes_workshare_one_a_day",
            ),
            models.CheckConstraint(condition=Q(fte__gte=0, fte__lte=1), name="outcomes_workshare_range"),
        ]


class ConsultantRate(Fact):
    """What an hour of a psychiatric consultant costs from a day on, for the sheet of their hours."""

    membership = TenantForeignKey("tenancy.Membership")
    from_on = models.DateField()
    hourly = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        constraints = [
            *fact_wall("outcomes_consultantrate", "membership", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "membership", "from_on"],
                condition=Q(voided_at__isnull=True),
                name="outcomes_consultantrate_one_a_day",
            ),
            models.CheckConstraint(condition=Q(hourly__gte=0), name="outcomes_consultantrate_range"),
        ]


@keeps_history("outcomes_payerclassed")
class PayerClassed(TenantModel):
    """What kind of coverage a payer is, where somebody said so; else its rule books and its name tell."""

    payer = TenantForeignKey("registry.Payer")
    payer_class = models.CharField(max_length=10, choices=PayerClass.choices)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("outcomes_payerclassed", "payer", "changed_by"),
            AppMayOnly(name="outcomes_payerclassed_app", update=None),
            models.UniqueConstraint(fields=["organization", "payer"], name="outcomes_payerclassed_one"),
        ]
