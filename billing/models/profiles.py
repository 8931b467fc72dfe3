"""How a payer pays, and what is known of a patient's other services."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from registry.models import Fact, fact_wall


class PayerProfile(TenantModel):
    """Which family of rule books a payer follows from a day on, and in which options it differs."""

    payer = TenantForeignKey("registry.Payer")
    book = models.CharField(max_length=60, help_text="Rule-book family, for example medicare_ffs")
    options = models.JSONField(default=dict, blank=True)
    from_on = models.DateField()
    is_default = models.BooleanField(default=False, help_text="Taken from the payer's name; confirmed by nobody")

    class Meta:
        constraints = [
            *tenant_wall("billing_payerprofile", "payer"),
            models.UniqueConstraint(fields=["organization", "payer", "from_on"], name="billing_payerprofile_day"),
        ]


class PriorService(Fact):
    """A month before our records in which the patient had collaborative care; with a code, also what was billed."""

    patient = TenantForeignKey("registry.Patient")
    month = models.DateField(help_text="Its first day")
    code = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            *fact_wall("billing_priorservice", "patient"),
            models.CheckConstraint(condition=Q(month__day=1), name="billing_priorservice_first_day"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="billing_prior_by_patient")]


class OtherService(Fact):
    """Another service known for a patient and month that decides what this month may bill."""

    patient = TenantForeignKey("registry.Patient")
    month = models.DateField(help_text="Its first day")
    code = models.CharField(max_length=10)
    is_by_billing_practitioner = models.BooleanField()
    minutes = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("billing_otherservice", "patient"),
            models.CheckConstraint(condition=Q(month__day=1), name="billing_otherservice_first_day"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="billing_other_by_patient")]


class AccessAlignment(Fact):
    """A patient's alignment to CMS's ACCESS model, and whether this practice is the participant."""

    patient = TenantForeignKey("registry.Patient")
    is_participant = models.BooleanField()

    class Meta:
        constraints = [
            *fact_wall("billing_accessalignment", "patient"),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=Q(voided_at__isnull=True),
                name="billing_accessalignment_one",
            ),
        ]
