"""Organizations, their clinics, and the seats of people in them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.history import keeps_history
from bhi.tenancy.ids import uuid7


class Organization(models.Model):
    """The tenant. Global: it is looked up by slug before any tenant is set."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    # Of its bhi.accounts.models.SingleSignOn, which only its own tenant sees: asked before any tenant is set.
    requires_single_sign_on = models.BooleanField(default=False, db_default=False)
    sign_in_domains = ArrayField(models.CharField(max_length=100), default=list, db_default=[], blank=True)
    # Of its bhi.accounts.models.ScreenLock, in the same way.
    idle_minutes = models.SmallIntegerField(default=15, db_default=15)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a seat may do; the permissions of each are in bhi/accounts/permissions.py."""

    CARE_MANAGER = "care_manager", "Care manager"
    PSYCHIATRIC_CONSULTANT = "psychiatric_consultant", "Psychiatric consultant"
    TREATING_CLINICIAN = "treating_clinician", "Treating clinician"
    BILLING = "billing", "Billing"
    CLINIC_LEAD = "clinic_lead", "Clinic lead"
    ADMIN = "admin", "Admin"


class Membership(models.Model):
    """A person's seat in one organization, and the actor of everything done there.

    Global, as it is read before the tenant is known, and only through bhi.accounts.queries. A seat without a
    user is somebody whose work is on record but who does not sign in (an imported care manager), or the
    organization's one `system` actor.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=200)
    credential = models.CharField(max_length=40, blank=True, help_text="As written after the name: RN, LCSW, MD")
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), default=list, blank=True)
    is_system = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When the work here ended last")
    ended_because = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Why work that was left could not wait"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="tenancy_membership_of_org"),
            models.UniqueConstraint(fields=["organization", "user"], name="tenancy_membership_one_seat"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_system=True), name="tenancy_membership_one_system"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.credential}" if self.credential else self.name


class Setting(models.TextChoices):
    """What kind of site it is; decides codes (FQHC, RHC) and payment (facility or not)."""

    OFFICE = "office", "Office"
    HOSPITAL_OUTPATIENT = "hospital_outpatient", "Hospital outpatient department"
    FQHC = "fqhc", "Federally qualified health center"
    RHC = "rhc", "Rural health clinic"


@keeps_history("tenancy_clinic")
class Clinic(TenantModel):
    """A site of an organization. Its time zone fixes what a calendar month is there."""

    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, help_text="IANA name, for example America/Chicago")
    setting = models.CharField(max_length=30, choices=Setting.choices, default=Setting.OFFICE)
    place_of_service = models.CharField(max_length=2, default="11")
    npi = models.CharField(max_length=10, blank=True)
    address = models.CharField(max_length=55, blank=True, help_text="Where patients are seen: loop 2310C of claims")
    city = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("tenancy_clinic"),
            models.UniqueConstraint(fields=["organization", "name"], name="tenancy_clinic_name"),
        ]

    def __str__(self) -> str:
        return self.name
