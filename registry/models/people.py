"""Patients, what pays for them, and who treats them."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models.facts import Fact, fact_wall


class TreatingClinician(TenantModel):
    """The practitioner who treats and bills. Many never sign in, so a seat is optional."""

    name = models.CharField(max_length=200, help_text="As people say it: Ana Rivera")
    sort_name = models.CharField(max_length=200)
    credential = models.CharField(max_length=40, blank=True)
    npi = models.CharField(max_length=10, blank=True)
    membership = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("registry_treatingclinician", "membership"),
            models.UniqueConstraint(
                fields=["organization", "sort_name", "credential"], name="registry_treatingclinician_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.credential}" if self.credential else self.name


class Payer(TenantModel):
    """Who pays. How it pays is billing's PayerProfile."""

    name = models.CharField(max_length=200)
    payer_code = models.CharField(max_length=40, blank=True, help_text="The payer's number on claims")
    is_self_pay = models.BooleanField(default=False)

    class Meta:
        constraints = [
            *tenant_wall("registry_payer"),
            models.UniqueConstraint(fields=["organization", "name"], name="registry_payer_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Sex(models.TextChoices):
    FEMALE = "F", "Female"
    MALE = "M", "Male"
    OTHER = "X", "X"
    UNKNOWN = "U", "Not recorded"


@keeps_history("registry_patient")
class Patient(Fact):
    """A person. The record number is the clinic's own; two clinics may use the same one."""

    clinic = TenantForeignKey("tenancy.Clinic")
    mrn = models.CharField(max_length=40)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    middle_name = models.CharField(max_length=100, blank=True)
    sort_name = models.CharField(max_length=310)
    birth_date = models.DateField()
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    phone = models.CharField(max_length=40, blank=True)
    may_leave_voicemail = models.BooleanField(null=True, blank=True)
    language = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    died_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_patient", "clinic"),
            models.UniqueConstraint(
                fields=["organization", "clinic", "mrn"],
                condition=Q(voided_at__isnull=True),
                name="registry_patient_mrn",
            ),
        ]
        indexes = [models.Index(fields=["organization", "sort_name", "id"], name="registry_patient_by_name")]

    def __str__(self) -> str:
        return f"patient {self.id}"

    @property
    def name(self) -> str:
        """As people say it."""
        return " ".join(part for part in (self.given_name, self.middle_name, self.family_name) if part)


@keeps_history("registry_coverage")
class Coverage(Fact):
    """Insurance of a patient, in the order in which it pays."""

    patient = TenantForeignKey(Patient)
    payer = TenantForeignKey(Payer)
    member_id = models.CharField(max_length=40, blank=True)
    rank = models.PositiveSmallIntegerField(default=1)
    from_on = models.DateField(null=True, blank=True)
    until_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_coverage", "patient", "payer"),
            models.UniqueConstraint(
                fields=["organization", "patient", "rank"],
                condition=Q(voided_at__isnull=True, until_on__isnull=True),
                name="registry_coverage_one_per_rank",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_coverage_by_patient")]
