"""People who sign in. Global: one person may have seats in several organizations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from bhi.sealing import SealedTextField
from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from bhi.tenancy.ids import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person, known by e-mail. What they may do is decided by their seat, never here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    is_platform_staff = models.BooleanField(default=False, help_text="Makes organizations; sees no patient data")
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class SignInKind(models.TextChoices):
    SIGNED_IN = "signed_in", "Signed in"
    FAILED = "failed", "Could not sign in"
    SLOWED = "slowed", "Made to wait after many tries"
    SIGNED_OUT = "signed_out", "Signed out"
    LOCKED = "locked", "Screen locked"
    UNLOCKED = "unlocked", "Screen unlocked"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    EMAIL_CHANGED = "email_changed", "E-mail address changed"
    FACTOR_ADDED = "factor_added", "Second factor added"
    FACTOR_REMOVED = "factor_removed", "Second factor removed"
    RECOVERED = "recovered", "Signed in with a recovery code"
    SESSION_ENDED = "session_ended", "Session ended from elsewhere"


class SignInEvent(models.Model):
    """What happened to a person's account. Global, as the person is; a failed try of a stranger names nobody."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=SignInKind.choices)
    at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True)
    session = models.CharField(max_length=16, blank=True, help_text="Beginning of the session key's fingerprint")

    class Meta:
        constraints = [AppMayOnly(name="accounts_signinevent_app")]
        indexes = [models.Index(fields=["user", "id"], name="accounts_signin_of_user")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Invitation(TenantModel):
    """Somebody asked to come: until `expires_at`, once, by a link of which only the fingerprint is kept."""

    email = models.EmailField()
    name = models.CharField(max_length=200)
    credential = models.CharField(max_length=40, blank=True)
    roles = ArrayField(models.CharField(max_length=30), default=list)
    clinics = ArrayField(models.UUIDField(), default=list, blank=True, help_text="Empty: all of them")
    seat = TenantForeignKey("tenancy.Membership", null=True, blank=True, help_text="A seat without a person, to take")
    token_sha256 = models.CharField(max_length=64)
    invited_at = models.DateTimeField()
    invited_by = TenantForeignKey("tenancy.Membership")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("accounts_invitation", "seat", "invited_by", "accepted_by"),
            AppMayOnly(name="accounts_invitation_app", update=("accepted_at", "accepted_by", "withdrawn_at")),
            models.UniqueConstraint(fields=["organization", "token_sha256"], name="accounts_invitation_token"),
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="accounts_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="accounts_invitation_one_end",
            ),
        ]


class SeatClinic(TenantModel):
    """A clinic whose patients a seat works with. A seat without any works with all of the organization's."""

    seat = TenantForeignKey("tenancy.Membership")
    clinic = TenantForeignKey("tenancy.Clinic")
    given_at = models.DateTimeField()
    given_by = TenantForeignKey("tenancy.Membership")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("accounts_seatclinic", "seat", "clinic", "given_by", "ended_by"),
            AppMayOnly(name="accounts_seatclinic_app", update=("ended_at", "ended_by")),
            models.UniqueConstraint(
                fields=["organization", "seat", "clinic"],
                condition=Q(ended_at__isnull=True),
                name="accounts_seatclinic_once",
            ),
        ]


class CredentialKind(models.TextChoices):
    LICENSE = "license", "License"
    TRAINING = "training", "Behavioral health training"
    BOARD = "board", "Board certification"
    REGISTRATION = "registration", "DEA or state registration"


class SeatCredential(TenantModel):
    """What somebody is licensed or trained for, from when until when. Voided and recorded anew, never edited."""

    seat = TenantForeignKey("tenancy.Membership")
    kind = models.CharField(max_length=20, choices=CredentialKind.choices)
    name = models.CharField(max_length=100, help_text="RN, LCSW, LPC; or what the training was")
    number = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=2, blank=True)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True, help_text="The last day on which it holds")
    recorded_at = models.DateTimeField()
    recorded_by = TenantForeignKey("tenancy.Membership")
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("accounts_seatcredential", "seat", "recorded_by", "voided_by"),
            AppMayOnly(name="accounts_seatcredential_app", update=("voided_at", "voided_by", "void_reason")),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="accounts_seatcredential_in_order",
            ),
        ]
        indexes = [models.Index(fields=["organization", "seat"], name="accounts_credential_of_seat")]


class SeatLeave(TenantModel):
    """Somebody is away from a day on, and back after `until_on`; open while that is not known."""

    seat = TenantForeignKey("tenancy.Membership")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True, help_text="The last day away")
    recorded_at = models.DateTimeField()
    recorded_by = TenantForeignKey("tenancy.Membership")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("accounts_seatleave", "seat", "recorded_by", "ended_by"),
            AppMayOnly(name="accounts_seatleave_app", update=("until_on", "ended_at", "ended_by")),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="accounts_seatleave_in_order"
            ),
        ]


class AccessReview(TenantModel):
    """Who may do what, looked through once a quarter and signed: the list as it was then, and what was decided."""

    quarter = models.DateField(help_text="Its first day")
    begun_at = models.DateTimeField()
    begun_by = TenantForeignKey("tenancy.Membership")
    lines = models.JSONField(default=list, help_text="Per seat: who, roles, clinics, last sign-in, keep or end, why")
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    signed_as = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("accounts_accessreview", "begun_by", "signed_by"),
            AppMayOnly(name="accounts_accessreview_app", update=("lines", "signed_at", "signed_by", "signed_as")),
            models.UniqueConstraint(fields=["organization", "quarter"], name="accounts_accessreview_one"),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_by__isnull=True)
                | (Q(signed_at__isnull=False, signed_by__isnull=False) & ~Q(signed_as="")),
                name="accounts_accessreview_signed",
            ),
        ]


@keeps_history("accounts_singlesignon")
class SingleSignOn(TenantModel):
    """The organization's own identity provider, by OpenID Connect. The secret is sealed to this row."""

    issuer = models.URLField(max_length=300, help_text="Where /.well-known/openid-configuration is found")
    client_id = models.CharField(max_length=200)
    secret = SealedTextField(blank=True, db_column="sealed_secret")
    email_domains = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    is_required = models.BooleanField(default=False, help_text="Seats sign in there and not with a password")
    trusts_its_factors = models.BooleanField(default=False, help_text="It asks for a second factor itself")
    is_in_use = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("accounts_singlesignon", "changed_by"),
            AppMayOnly(name="accounts_singlesignon_app", update=None),
            models.UniqueConstraint(fields=["organization"], name="accounts_singlesignon_one"),
        ]


@keeps_history("accounts_screenlock")
class ScreenLock(TenantModel):
    """After how many idle minutes the screens of the organization's people lock; without a row after fifteen.

    Organization.idle_minutes is a copy, which is read before any tenant is set.
    """

    idle_minutes = models.SmallIntegerField()
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("accounts_screenlock", "changed_by"),
            AppMayOnly(name="accounts_screenlock_app", update=None),
            models.UniqueConstraint(fields=["organization"], name="accounts_screenlock_one"),
            models.CheckConstraint(
                condition=Q(idle_minutes__gte=5, idle_minutes__lte=15), name="accounts_screenlock_five_to_fifteen"
            ),
        ]


def _staff(**options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, **options
    )


class ConfirmedDomain(TenantModel):
    """A mail domain that platform staff found to be the organization's, and how. Withdrawn, never edited.

    Staff have no seat here. No key checks that they exist: Django would make it deferrable; people are never deleted.
    """

    domain = models.CharField(max_length=100)
    proof = models.CharField(max_length=300, help_text="How it was proved that the domain is theirs")
    confirmed_at = models.DateTimeField()
    confirmed_by = _staff()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = _staff(null=True)

    class Meta:
        constraints = [
            *tenant_wall("accounts_confirmeddomain"),
            AppMayOnly(name="accounts_confirmeddomain_app", update=("withdrawn_at", "withdrawn_by")),
            models.UniqueConstraint(
                fields=["organization", "domain"],
                condition=Q(withdrawn_at__isnull=True),
                name="accounts_confirmeddomain_once",
            ),
        ]
