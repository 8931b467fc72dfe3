"""How claims leave: who files, by which clearinghouse, at which charge, and what is expected back."""

from django.db import models
from django.db.models import Q

from bhi.sealing import SealedTextField
from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models import Fact, fact_wall


class TaxIdKind(models.TextChoices):
    EMPLOYER = "EI", "Employer identification number"
    SOCIAL = "SY", "Social security number"


@keeps_history("billing_billingprovider")
class BillingProvider(TenantModel):
    """Who files an organization's claims: the billing provider of loop 2010AA and the submitter of loop 1000A."""

    name = models.CharField(max_length=60, help_text="Of an organization, or the family name of a person")
    given_name = models.CharField(
        max_length=35, blank=True, db_default="", help_text="Who bills alone, under their own NPI, is a person"
    )
    npi = models.CharField(max_length=10)
    taxonomy = models.CharField(max_length=10, blank=True)
    tax_id = SealedTextField(help_text="May be somebody's social security number")
    tax_id_kind = models.CharField(max_length=2, choices=TaxIdKind.choices, default=TaxIdKind.EMPLOYER)
    address = models.CharField(max_length=55)
    city = models.CharField(max_length=30)
    state = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=9, help_text="All nine digits: the format requires them")
    submitter_name = models.CharField(max_length=60)
    submitter_id = models.CharField(max_length=15)
    contact_name = models.CharField(max_length=60)
    contact_phone = models.CharField(max_length=10)
    is_test = models.BooleanField(default=True, help_text="Files say T until the clearinghouse agreed to P")
    logo = TenantForeignKey("files.StoredFile", null=True, blank=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_billingprovider", "logo", "changed_by"),
            AppMayOnly(name="billing_billingprovider_app", update=None),
            models.UniqueConstraint(fields=["organization"], name="billing_billingprovider_one"),
        ]


@keeps_history("billing_receiver")
class Receiver(TenantModel):
    """A clearinghouse or payer that takes files, as its trading partner agreement names it and us."""

    name = models.CharField(max_length=60)
    receiver_id = models.CharField(max_length=15, help_text="ISA08 and NM109 of loop 1000B")
    receiver_qualifier = models.CharField(max_length=2, default="ZZ")
    application_id = models.CharField(max_length=15, help_text="GS03")
    sender_id = models.CharField(max_length=15, help_text="ISA06: how it knows us")
    sender_qualifier = models.CharField(max_length=2, default="ZZ")
    submitter_id = models.CharField(
        max_length=15, blank=True, db_default="", help_text="NM109 of loop 1000A; empty: as the organization says"
    )
    is_test = models.BooleanField(
        default=False, db_default=False, help_text="Its files say T, also where the organization's others say P"
    )
    is_in_use = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_receiver", "changed_by"),
            AppMayOnly(name="billing_receiver_app", update=None),
            models.UniqueConstraint(fields=["organization", "name"], name="billing_receiver_name"),
        ]


class ServiceDayPolicy(models.TextChoices):
    MONTH_END = "month_end", "Last day of the month"
    THRESHOLD = "threshold", "Day on which the minutes were reached"


@keeps_history("billing_payerroute")
class PayerRoute(TenantModel):
    """How a payer is filed with: by whom, under which identifier, until when, and dated how."""

    payer = TenantForeignKey("registry.Payer")
    receiver = TenantForeignKey(Receiver, null=True, blank=True)
    payer_identifier = models.CharField(max_length=20, blank=True, help_text="NM109 of loop 2010BB")
    filing_code = models.CharField(max_length=2, default="CI", help_text="SBR09: MB, MC, CI, BL, HM …")
    service_day = models.CharField(max_length=12, choices=ServiceDayPolicy.choices, default=ServiceDayPolicy.MONTH_END)
    filing_days = models.PositiveSmallIntegerField(default=365, help_text="From the date of service")
    corrected_days = models.PositiveSmallIntegerField(default=365, help_text="For corrected claims, likewise")
    appeal_days = models.PositiveSmallIntegerField(default=120, help_text="From the remittance")
    address = models.CharField(max_length=55, blank=True)
    city = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=9, blank=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_payerroute", "payer", "receiver", "changed_by"),
            AppMayOnly(name="billing_payerroute_app", update=None),
            models.UniqueConstraint(fields=["organization", "payer"], name="billing_payerroute_one"),
        ]


class ChargeFee(Fact):
    """What the organization charges for one unit of a code from a day on. Never below what is paid."""

    code = models.CharField(max_length=10)
    from_on = models.DateField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        constraints = [
            *fact_wall("billing_chargefee", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "code", "from_on"],
                condition=Q(voided_at__isnull=True),
                name="billing_chargefee_one",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_chargefee_above_nothing"),
        ]


class PayerFee(Fact):
    """What a payer allows for one unit of a code from a day on: its own table, or Medicare's of a locality."""

    payer = TenantForeignKey("registry.Payer")
    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True, help_text="Of one clinic's locality only")
    code = models.CharField(max_length=10)
    from_on = models.DateField()
    nonfacility = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    facility = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            *fact_wall("billing_payerfee", "payer", "clinic", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "payer", "clinic", "code", "from_on"],
                condition=Q(voided_at__isnull=True),
                name="billing_payerfee_one",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(nonfacility__isnull=False) | Q(facility__isnull=False),
                name="billing_payerfee_says_something",
            ),
        ]


class ClinicianRate(Fact):
    """At which share of the fee schedule a clinician is paid under their own NPI from a day on: NPs and PAs 85 %."""

    clinician = TenantForeignKey("registry.TreatingClinician")
    payer = TenantForeignKey(
        "registry.Payer", null=True, blank=True, help_text="Empty: of Medicare's fee schedule, whoever pays by it"
    )
    from_on = models.DateField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [
            *fact_wall("billing_clinicianrate", "clinician", "payer", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "clinician", "payer", "from_on"],
                condition=Q(voided_at__isnull=True),
                nulls_distinct=False,
                name="billing_clinicianrate_one",
            ),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="billing_clinicianrate_share"),
        ]


class ChargePosted(Fact):
    """Somebody entered a closed month's charge into the practice's own system, under this number."""

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    month = models.DateField(help_text="Its first day")
    number = models.CharField(max_length=40, blank=True)
    on = models.DateField()

    class Meta:
        constraints = [
            *fact_wall("billing_chargeposted", "patient", "episode", may_change=("patient",)),
            models.UniqueConstraint(
                fields=["organization", "episode", "month"],
                condition=Q(voided_at__isnull=True),
                name="billing_chargeposted_one",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="billing_chargeposted_first_day"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="billing_posted_by_patient")]


@keeps_history("billing_chargecolumns")
class ChargeColumns(TenantModel):
    """How an organization's charge file looks: which columns, in which order, under which headings."""

    columns = models.JSONField(help_text="[key, heading]")
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("billing_chargecolumns", "changed_by"),
            AppMayOnly(name="billing_chargecolumns_app", update=None),
            models.UniqueConstraint(fields=["organization"], name="billing_chargecolumns_one"),
        ]
