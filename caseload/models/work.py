"""What was done with and for a patient, and the minutes that it took."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models import Fact, fact_wall


class Activity(models.TextChoices):
    """What the work was. Only `treatment` is a clinical contact; `scheduling` never counts as minutes."""

    TREATMENT = "treatment", "Session with the patient"
    OUTREACH_ATTEMPT = "outreach_attempt", "Attempt to reach"
    NO_SHOW = "no_show", "No-show"
    MESSAGE = "message", "Message"
    CAREGIVER = "caregiver", "Caregiver contact"
    COORDINATION = "coordination", "Care coordination"
    REGISTRY = "registry", "Registry and chart work"
    CARE_PLANNING = "care_planning", "Care planning"
    CASE_REVIEW = "case_review", "Case review with the consultant"
    SCHEDULING = "scheduling", "Scheduling"


class Mode(models.TextChoices):
    PHONE = "phone", "Phone"
    VIDEO = "video", "Video"
    IN_PERSON = "in_person", "In person"
    MESSAGE = "message", "Message"
    LETTER = "letter", "Letter"
    NONE = "none", "Without the patient"


class StaffRole(models.TextChoices):
    """In which role the minutes were worked: it decides whether and where they count."""

    CARE_MANAGER = "care_manager", "Care manager"
    TREATING_CLINICIAN = "treating_clinician", "Treating clinician"
    PSYCHIATRIC_CONSULTANT = "psychiatric_consultant", "Psychiatric consultant"
    CLINICAL_STAFF = "clinical_staff", "Clinical staff"
    CLERICAL = "clerical", "Clerical"


class TimeService(models.TextChoices):
    COCM = "cocm", "Collaborative Care"
    BHI = "bhi", "General BHI"
    CCM = "ccm", "Chronic care management"


class ContactOutcome(models.TextChoices):
    """What came of trying to reach somebody; empty for other work."""

    REACHED = "reached", "Reached"
    VOICEMAIL = "voicemail", "Left a voicemail"
    NO_ANSWER = "no_answer", "No answer"
    SENT = "sent", "Sent, no answer yet"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    CALL_BACK = "call_back", "Asked to call back"


class Contact(Fact):
    """What happened with the patient, or did not, as one note. `on` is the clinic's local day.

    Signed by whoever recorded it, as `signed_as` says; what is added later is an Addendum.
    """

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    by = TenantForeignKey("tenancy.Membership")
    on = models.DateField()
    started_at = models.DateTimeField(null=True, blank=True)
    activity = models.CharField(max_length=30, choices=Activity.choices)
    mode = models.CharField(max_length=20, choices=Mode.choices)
    outcome = models.CharField(max_length=20, choices=ContactOutcome.choices, blank=True)
    note = models.TextField(blank=True)
    parts = models.JSONField(default=dict, help_text="Medication, side effects, skill practised, change of plan")
    question = models.TextField(blank=True, help_text="For the psychiatric consultant")
    signed_as = models.CharField(max_length=250, blank=True, help_text="Name and credential at that time")
    client_token = models.UUIDField(help_text="Made with the form: a second submit of it changes nothing")

    class Meta:
        constraints = [
            *fact_wall("caseload_contact", "patient", "episode", "by", may_change=("patient",)),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_contact_once"),
        ]
        indexes = [models.Index(fields=["organization", "episode", "on"], name="caseload_contact_by_episode")]


@keeps_history("caseload_timeentry")
class TimeEntry(Fact):
    """Who spent which minutes on which patient for what.

    Either a span `[start, end)` or, where only the day and the minutes are known, a local day and seconds.
    A held entry overlaps another patient's of the same person and counts nowhere until somebody settles it.
    Never edited: voided and replaced.
    """

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    contact = TenantForeignKey(Contact, null=True, blank=True)
    by = TenantForeignKey("tenancy.Membership")
    role = models.CharField(max_length=30, choices=StaffRole.choices)
    activity = models.CharField(max_length=30, choices=Activity.choices)
    service = models.CharField(max_length=10, choices=TimeService.choices)
    span = DateTimeRangeField(null=True, blank=True)
    on = models.DateField(null=True, blank=True)
    seconds = models.PositiveIntegerField(null=True, blank=True)
    billed_as = models.CharField(max_length=10, blank=True, help_text="The code that already uses these minutes")
    is_facility_stay = models.BooleanField(default=False)
    held = models.BooleanField(default=False)
    held_with = TenantForeignKey("self", null=True, blank=True)
    replaces = TenantForeignKey("self", null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "caseload_timeentry",
                *("patient", "episode", "contact", "by", "held_with", "replaces"),
                may_change=("held", "held_with", "is_facility_stay", "patient"),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_timeentry_once"),
            models.CheckConstraint(
                condition=Q(span__isnull=False, on__isnull=True, seconds__isnull=True)
                | Q(span__isnull=True, on__isnull=False, seconds__isnull=False),
                name="caseload_timeentry_one_form",
            ),
            models.CheckConstraint(
                condition=Q(span__isnull=True)
                | Q(
                    span__isempty=False,
                    span__lower_inf=False,
                    span__upper_inf=False,
                    span__lower_inc=True,
                    span__upper_inc=False,
                ),
                name="caseload_timeentry_span_closed",
            ),
            models.CheckConstraint(
                condition=Q(seconds__isnull=True) | Q(seconds__gt=0, seconds__lt=86400),
                name="caseload_timeentry_within_a_day",
            ),
            ExclusionConstraint(
                name="caseload_timeentry_no_overlap",
                expressions=[
                    (F("organization"), RangeOperators.EQUAL),
                    (F("by"), RangeOperators.EQUAL),
                    (F("patient"), RangeOperators.NOT_EQUAL),
                    (F("span"), RangeOperators.OVERLAPS),
                ],
                condition=Q(voided_at__isnull=True, held=False, span__isnull=False),
            ),
        ]
        # The first holds all that minutes are counted from: rows of one organization lie far apart in the table, and
        # a sweep that fetched each would spend most of its time on that.
        indexes = [
            models.Index(
                fields=["organization", "episode"],
                include=[
                    *("span", "on", "seconds", "service", "role", "activity"),
                    *("billed_as", "is_facility_stay", "held"),
                ],
                condition=Q(voided_at__isnull=True),
                name="caseload_time_counted",
            ),
            models.Index(
                fields=["organization", "episode"],
                condition=Q(voided_at__isnull=True, is_facility_stay=True),
                name="caseload_time_facility_stay",
            ),
            models.Index(fields=["organization", "patient"], name="caseload_time_by_patient"),
            models.Index(fields=["organization", "contact"], name="caseload_time_by_contact"),
            models.Index(
                fields=["organization", "by", "on"], condition=Q(span__isnull=True), name="caseload_time_by_person_day"
            ),
        ]


@keeps_history("caseload_followup")
class FollowUp(Fact):
    """The next thing due for an episode. Open until a contact or a person closes it."""

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    due_on = models.DateField()
    purpose = models.CharField(max_length=200, blank=True)
    assigned_to = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    from_contact = TenantForeignKey(Contact, null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    closed_by_contact = TenantForeignKey(Contact, null=True, blank=True)

    class Meta:
        constraints = fact_wall(
            "caseload_followup", "patient", "episode", "assigned_to", "from_contact", "closed_by_contact"
        )
        indexes = [
            models.Index(
                fields=["organization", "episode", "due_on"],
                condition=Q(voided_at__isnull=True, closed_on__isnull=True),
                name="caseload_followup_open",
            )
        ]
