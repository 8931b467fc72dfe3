"""How patients came, what was tried to reach them, and what became of it."""

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models.episodes import Episode
from registry.models.facts import Fact, fact_wall
from registry.models.people import Patient, TreatingClinician


class ReferralSource(models.TextChoices):
    CLINICIAN = "clinician", "A clinician"
    SCREEN = "screen", "A positive screen"
    LIST = "list", "A list"
    SELF = "self", "The patient"


class Urgency(models.TextChoices):
    ROUTINE = "routine", "Routine"
    SOON = "soon", "Soon"
    URGENT = "urgent", "Urgent"


class ReferralState(models.TextChoices):
    """`contacting` from the first attempt on; `waiting` when there is no room on the panel."""

    REFERRED = "referred", "Referred"
    CONTACTING = "contacting", "Contacting"
    WAITING = "waiting", "Waiting for a place"
    ENDED = "ended", "Ended"


class ReferralOutcome(models.TextChoices):
    ENROLLED = "enrolled", "Enrolled"
    DECLINED = "declined", "Declined"
    UNREACHABLE = "unreachable", "Could not be reached"
    INELIGIBLE = "ineligible", "Not eligible"
    DUPLICATE = "duplicate", "Duplicate"


@keeps_history("registry_referral")
class Referral(Fact):
    """One way into the program, from the day it was asked for to its outcome. Its scores are of no episode."""

    patient = TenantForeignKey(Patient)
    clinic = TenantForeignKey("tenancy.Clinic")
    referred_on = models.DateField()
    source = models.CharField(max_length=20, choices=ReferralSource.choices)
    treating_clinician = TenantForeignKey(TreatingClinician, null=True, blank=True)
    reason = models.TextField(blank=True)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.ROUTINE)
    is_warm_hand_off = models.BooleanField(default=False)
    is_eligible = models.BooleanField(null=True, blank=True, help_text="None: nobody has decided yet")
    eligibility_reason = models.CharField(max_length=300, blank=True)
    assigned_to = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    first_attempt_due_on = models.DateField()
    due_on = models.DateField(null=True, blank=True, help_text="The next thing due; none once it has ended")
    state = models.CharField(max_length=20, choices=ReferralState.choices, default=ReferralState.REFERRED)
    waiting_from = models.DateField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=ReferralOutcome.choices, blank=True)
    outcome_reason = models.CharField(max_length=300, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    episode = TenantForeignKey(Episode, null=True, blank=True)
    client_token = models.UUIDField(help_text="Made with the form: a second submit of it changes nothing")

    class Meta:
        constraints = [
            *fact_wall("registry_referral", "patient", "clinic", "treating_clinician", "assigned_to", "episode"),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_referral_once"),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=Q(voided_at__isnull=True, ended_on__isnull=True),
                name="registry_referral_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_on__isnull=False) & ~Q(outcome="")
                | (~Q(state="ended") & Q(ended_on__isnull=True, outcome="")),
                name="registry_referral_ended_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", due_on__isnull=True) | (~Q(state="ended") & Q(due_on__isnull=False)),
                name="registry_referral_always_due",
            ),
            models.CheckConstraint(
                condition=(Q(outcome="enrolled") & Q(episode__isnull=False))
                | (~Q(outcome="enrolled") & Q(episode__isnull=True)),
                name="registry_referral_enrolled_has_episode",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(waiting_from__isnull=False),
                name="registry_referral_waiting_since",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("referred_on")),
                name="registry_referral_in_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_on", "id"],
                condition=Q(voided_at__isnull=True, ended_on__isnull=True),
                name="registry_referral_open",
            ),
            models.Index(fields=["organization", "patient"], name="registry_referral_by_patient"),
            models.Index(fields=["organization", "referred_on"], name="registry_referral_by_day"),
            models.Index(
                fields=["organization", "ended_on", "id"],
                condition=Q(voided_at__isnull=True, ended_on__isnull=False),
                name="registry_referral_by_end",
            ),
        ]


class AttemptMode(models.TextChoices):
    PHONE = "phone", "Phone"
    VIDEO = "video", "Video"
    IN_PERSON = "in_person", "In person"
    TEXT = "text", "Text message"
    PORTAL = "portal", "Portal message"
    LETTER = "letter", "Letter"


class AttemptOutcome(models.TextChoices):
    REACHED = "reached", "Reached"
    VOICEMAIL = "voicemail", "Left a voicemail"
    NO_ANSWER = "no_answer", "No answer"
    SENT = "sent", "Sent, no answer yet"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    CALL_BACK = "call_back", "Asked to call back"


class ReferralAttempt(Fact):
    """One try to reach a referred patient, or an interim contact while they wait for a place."""

    referral = TenantForeignKey(Referral)
    at = models.DateTimeField()
    mode = models.CharField(max_length=20, choices=AttemptMode.choices)
    outcome = models.CharField(max_length=20, choices=AttemptOutcome.choices)
    note = models.CharField(max_length=500, blank=True)
    next_try_on = models.DateField(null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("registry_referralattempt", "referral", may_change=()),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_referralattempt_once"),
        ]
        indexes = [models.Index(fields=["organization", "referral", "at"], name="registry_attempt_by_referral")]
