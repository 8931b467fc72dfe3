"""One enrolment from consent to discharge, and the dated facts that billing and care rest on."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models.facts import Fact, fact_wall
from registry.models.people import Patient, RelatedPerson, TreatingClinician


class Program(models.TextChoices):
    COCM = "cocm", "Collaborative Care (CoCM)"
    BHI = "bhi", "General BHI"


class EpisodeStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    ON_HOLD = "on_hold", "On hold"
    RELAPSE_PREVENTION = "relapse_prevention", "Relapse prevention"
    DISCHARGED = "discharged", "Discharged"


class EndReason(models.TextChoices):
    GRADUATED = "graduated", "Graduated"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up", "Lost to follow-up"
    ADMINISTRATIVE_INACTIVITY = "administrative_inactivity", "Administrative: no activity"
    WITHDREW = "withdrew", "Withdrew"
    TRANSFERRED = "transferred", "Transferred"
    DIED = "died", "Died"
    OTHER = "other", "Other"


@keeps_history("registry_episode")
class Episode(Fact):
    """One enrolment. A return after discharge is a new one. `program` is the present program."""

    patient = TenantForeignKey(Patient)
    clinic = TenantForeignKey("tenancy.Clinic")
    program = models.CharField(max_length=10, choices=Program.choices, default=Program.COCM)
    status = models.CharField(max_length=30, choices=EpisodeStatus.choices, default=EpisodeStatus.ACTIVE)
    referred_on = models.DateField(null=True, blank=True)
    enrolled_on = models.DateField()
    relapse_prevention_from = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=30, choices=EndReason.choices, blank=True)
    care_manager = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    treating_clinician = TenantForeignKey(TreatingClinician, null=True, blank=True)
    consultant = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    target_instruments = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, help_text="Scales that the episode is steered by"
    )

    class Meta:
        constraints = [
            *fact_wall("registry_episode", "patient", "clinic", "care_manager", "treating_clinician", "consultant"),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=Q(voided_at__isnull=True, ended_on__isnull=True),
                name="registry_episode_one_open",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="") | (Q(ended_on__isnull=False) & ~Q(end_reason="")),
                name="registry_episode_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, status__in=["active", "on_hold", "relapse_prevention"])
                | Q(ended_on__isnull=False, status="discharged"),
                name="registry_episode_discharged_is_ended",
            ),
            models.CheckConstraint(
                condition=Q(referred_on__isnull=True) | Q(referred_on__lte=F("enrolled_on")),
                name="registry_episode_referred_first",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient", "enrolled_on"], name="registry_episode_by_patient")]


class ProgramPeriod(Fact):
    """From which day the episode is in which program; the first begins with enrolment."""

    episode = TenantForeignKey(Episode)
    from_on = models.DateField()
    program = models.CharField(max_length=10, choices=Program.choices)

    class Meta:
        constraints = [
            *fact_wall("registry_programperiod", "episode", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "episode", "from_on"],
                condition=Q(voided_at__isnull=True),
                name="registry_programperiod_one_a_day",
            ),
        ]


class StatusChange(Fact):
    """From which day an open episode stands how, and why. Enrolment and discharge are on the episode itself."""

    episode = TenantForeignKey(Episode)
    on = models.DateField()
    status = models.CharField(max_length=30, choices=EpisodeStatus.choices)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = fact_wall("registry_statuschange", "episode", may_change=())
        indexes = [models.Index(fields=["organization", "episode"], name="registry_status_by_episode")]


class HandOff(Fact):
    """A patient handed to other care. Closed only when somebody confirmed that they were seen there."""

    episode = TenantForeignKey(Episode)
    to = models.CharField(max_length=200)
    sent_on = models.DateField()
    seen_on = models.DateField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=200, blank=True, help_text="Who said that the patient was seen")

    class Meta:
        constraints = [
            *fact_wall("registry_handoff", "episode", may_change=("seen_on", "confirmed_by")),
            models.CheckConstraint(
                condition=Q(seen_on__isnull=True) | Q(seen_on__gte=F("sent_on")), name="registry_handoff_in_order"
            ),
        ]
        indexes = [models.Index(fields=["organization", "episode"], name="registry_handoff_by_episode")]


class ClosingNote(Fact):
    """What a discharge leaves behind: how it went, how the patient comes back, and what went against the rule."""

    episode = TenantForeignKey(Episode)
    on = models.DateField()
    summary = models.TextField()
    way_back = models.TextField()
    in_spite_of = models.CharField(
        max_length=300, blank=True, help_text="Why the reason holds although its rule is not met"
    )
    risk_accepted = models.CharField(
        max_length=300, blank=True, help_text="Why somebody at risk by the last score is discharged all the same"
    )

    class Meta:
        constraints = [
            *fact_wall("registry_closingnote", "episode", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "episode"],
                condition=Q(voided_at__isnull=True),
                name="registry_closingnote_one",
            ),
        ]


class ConsentText(Fact):
    """What the organization's people say or hand over when they ask for consent: numbered, never edited."""

    number = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=5, default="en")
    text = models.TextField()

    class Meta:
        constraints = [
            *fact_wall("registry_consenttext", may_change=()),
            models.UniqueConstraint(fields=["organization", "language", "number"], name="registry_consenttext_number"),
        ]


class ConsentGiver(models.TextChoices):
    PATIENT = "patient", "The patient"
    REPRESENTATIVE = "representative", "A representative"
    MINOR = "minor", "The patient, a minor consenting alone"


class ConsentService(models.TextChoices):
    BHI = "bhi", "Behavioral health integration and collaborative care"
    CCM = "ccm", "Chronic care management"
    APCM = "apcm", "Advanced primary care management"


class ConsentForm(models.TextChoices):
    VERBAL = "verbal", "Verbal"
    WRITTEN = "written", "Written"


@keeps_history("registry_consent")
class Consent(Fact):
    """Advance consent. Minutes count from `given_at` to the local start of `revoked_on`.

    Where only the day is known, `given_at` is its local start and `is_time_known` is false.
    """

    patient = TenantForeignKey(Patient)
    service = models.CharField(max_length=10, choices=ConsentService.choices, default=ConsentService.BHI)
    given_at = models.DateTimeField()
    is_time_known = models.BooleanField(default=True)
    form = models.CharField(max_length=10, choices=ConsentForm.choices)
    treating_clinician = TenantForeignKey(TreatingClinician, null=True, blank=True)
    script = TenantForeignKey(ConsentText, null=True, blank=True)
    given_by = models.CharField(max_length=20, choices=ConsentGiver.choices, default=ConsentGiver.PATIENT)
    representative = TenantForeignKey(RelatedPerson, null=True, blank=True)
    minor_basis = models.CharField(max_length=200, blank=True, help_text="The law that lets a minor consent alone")
    taken_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    revoked_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall(
                "registry_consent",
                *("patient", "treating_clinician", "script", "representative", "taken_by"),
                may_change=("revoked_on", "patient"),
            ),
            models.CheckConstraint(
                condition=Q(given_by="representative", representative__isnull=False)
                | (~Q(given_by="representative") & Q(representative__isnull=True)),
                name="registry_consent_representative_named",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_consent_by_patient")]


class InitiatingVisit(Fact):
    """A visit before services start. An imported one may lack its code; a coder should look."""

    patient = TenantForeignKey(Patient)
    on = models.DateField()
    code = models.CharField(max_length=10, blank=True)
    is_by_billing_practitioner = models.BooleanField(default=True)
    treating_clinician = TenantForeignKey(TreatingClinician, null=True, blank=True)

    class Meta:
        constraints = fact_wall("registry_initiatingvisit", "patient", "treating_clinician", may_change=("patient",))
        indexes = [models.Index(fields=["organization", "patient"], name="registry_visit_by_patient")]


@keeps_history("registry_diagnosis")
class Diagnosis(Fact):
    """An ICD-10-CM code treated in the episode, in order of importance."""

    episode = TenantForeignKey(Episode)
    code = models.CharField(max_length=8, help_text="With its dot: F33.1")
    rank = models.PositiveSmallIntegerField(default=1)
    from_on = models.DateField(null=True, blank=True)
    is_new = models.BooleanField(
        default=False, db_default=False, help_text="Somebody's word: the code came out after the release known here"
    )
    confirmed_on = models.DateField(null=True, blank=True)
    confirmed_by = TenantForeignKey(TreatingClinician, null=True, blank=True)
    confirmed_how = models.CharField(max_length=60, blank=True, help_text="Signed in, verbally, by message …")

    class Meta:
        constraints = [
            *fact_wall("registry_diagnosis", "episode", "confirmed_by"),
            models.CheckConstraint(
                condition=Q(confirmed_on__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_on__isnull=False, confirmed_by__isnull=False),
                name="registry_diagnosis_confirmed_by_whom",
            ),
            models.UniqueConstraint(
                fields=["organization", "episode", "code"],
                condition=Q(voided_at__isnull=True),
                name="registry_diagnosis_once",
            ),
        ]


class Assessment(Fact):
    """One administration of one instrument. A wrong one is voided and another recorded.

    Without a total too much was missing for a score, and what is known is the answer to the critical item; or
    the tool has none, and its result is the tier in `detail`.
    """

    patient = TenantForeignKey(Patient)
    episode = TenantForeignKey(Episode, null=True, blank=True)
    instrument = models.CharField(max_length=20)
    on = models.DateField()
    total = models.PositiveSmallIntegerField(null=True, blank=True)
    item9 = models.PositiveSmallIntegerField(null=True, blank=True, help_text="PHQ-9: thoughts of self-harm, 0 to 3")
    items = models.JSONField(null=True, blank=True, help_text="Answers in the instrument's order, null where missing")
    is_total_only = models.BooleanField(default=False)
    is_prorated = models.BooleanField(default=False)
    contact_id = models.UUIDField(null=True, blank=True, help_text="The contact in which it was answered")
    detail = models.JSONField(default=dict, help_text="What the score leaves out: difficulty, gate, triage tier")
    is_by_patient = models.BooleanField(default=False, help_text="Answered by the patient through a link")
    replaces = TenantForeignKey("self", null=True, blank=True)
    client_token = models.UUIDField(
        null=True, blank=True, help_text="Made with the form: a second submit of it changes nothing"
    )

    class Meta:
        constraints = [
            *fact_wall("registry_assessment", "patient", "episode", "replaces", may_change=("patient",)),
            models.CheckConstraint(
                condition=~Q(instrument="phq9") | Q(total__lte=27, item9__isnull=True) | Q(total__lte=27, item9__lte=3),
                name="registry_assessment_phq9_range",
            ),
            models.CheckConstraint(
                condition=~Q(instrument="gad7") | Q(total__lte=21), name="registry_assessment_gad7_range"
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=False) | Q(item9__isnull=False) | Q(detail__has_key="tier"),
                name="registry_assessment_says_something",
            ),
            models.UniqueConstraint(
                fields=["organization", "client_token"],
                condition=Q(client_token__isnull=False),
                name="registry_assessment_once",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient", "on"], name="registry_assessment_by_patient")]
