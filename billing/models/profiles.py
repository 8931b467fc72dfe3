"""How a payer pays, and what is known of a patient's other services."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models import Fact, fact_wall


@keeps_history("billing_payerprofile")
class PayerProfile(TenantModel):
    """Which family of rule books a payer follows from a day on, and in which options it differs.

    What somebody set is never edited: a wrong one is withdrawn, with the reason, and another set.
    """

    payer = TenantForeignKey("registry.Payer")
    book = models.CharField(max_length=60, help_text="Rule-book family, for example medicare_ffs")
    options = models.JSONField(default=dict, blank=True)
    from_on = models.DateField()
    is_default = models.BooleanField(default=False, help_text="Taken from the payer's name; confirmed by nobody")
    because = models.CharField(max_length=300, blank=True, help_text="Where it was read, or who said so")
    attestation = models.CharField(max_length=300, blank=True, help_text="What the practice attests, where and when")
    authorization = models.CharField(max_length=300, blank=True, help_text="What is authorized before, and how")
    authorization_after_months = models.PositiveSmallIntegerField(null=True, blank=True)
    cost_share = models.CharField(max_length=300, blank=True, help_text="What the patient pays")
    set_at = models.DateTimeField(null=True, blank=True)
    set_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    withdrawn_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("billing_payerprofile", "payer", "set_by", "withdrawn_by"),
            AppMayOnly(name="billing_payerprofile_app", update=("withdrawn_at", "withdrawn_by", "withdrawn_because")),
            models.UniqueConstraint(
                fields=["organization", "payer", "from_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="billing_payerprofile_day",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_because="")),
                name="billing_payerprofile_withdrawn_why",
            ),
        ]


@keeps_history("billing_clinicianyear")
class ClinicianYear(TenantModel):
    """Whether a treating clinician is a qualifying APM participant in a year: Medicare then pays by the higher
    conversion factor (billing-rules of the books: chosen by the clinician, not by the practice).
    """

    clinician = TenantForeignKey("registry.TreatingClinician")
    year = models.PositiveSmallIntegerField()
    is_qualifying = models.BooleanField()
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_clinicianyear", "clinician", "changed_by"),
            AppMayOnly(name="billing_clinicianyear_app", update=("is_qualifying", "changed_at", "changed_by")),
            models.UniqueConstraint(fields=["organization", "clinician", "year"], name="billing_clinicianyear_one"),
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
    biller = models.CharField(max_length=200, blank=True, help_text="Who bills it, as far as known")
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
