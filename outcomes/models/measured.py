"""The facts of a month that measures are counted from: one row per episode, referral and recommendation.

Worked out anew every night while the month is open, and never changed once it is frozen, so that a report of the month
can be made again from the same facts (docs/adr/0044).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class MeasuredMonth(TenantModel):
    """A calendar month as measured. A frozen one stays; what was found wrong later makes a further edition of it."""

    month = models.DateField(help_text="Its first day")
    edition = models.PositiveSmallIntegerField(default=1)
    definitions = models.CharField(max_length=20, help_text="Which wording of the measures the facts were gathered for")
    measured_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    because = models.CharField(max_length=300, blank=True, help_text="Of a further edition: why")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of its frozen facts")

    class Meta:
        constraints = [
            *tenant_wall("outcomes_measuredmonth", "frozen_by"),
            models.UniqueConstraint(fields=["organization", "month", "edition"], name="outcomes_measuredmonth_one"),
            models.UniqueConstraint(
                fields=["organization", "month"],
                condition=Q(frozen_at__isnull=True),
                name="outcomes_measuredmonth_one_open",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="outcomes_measuredmonth_first_day"),
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True, frozen_by__isnull=True, fingerprint="")
                | (Q(frozen_at__isnull=False, frozen_by__isnull=False) & ~Q(fingerprint="")),
                name="outcomes_measuredmonth_frozen_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(edition=1, because="") | (Q(edition__gt=1) & ~Q(because="")),
                name="outcomes_measuredmonth_says_why",
            ),
        ]


class PayerClass(models.TextChoices):
    """What kind of coverage a payer is, for states that count their own patients and for comparisons."""

    MEDICARE = "medicare", "Medicare"
    MEDICAID = "medicaid", "Medicaid"
    COMMERCIAL = "commercial", "Commercial"
    SELF_PAY = "self_pay", "Self-pay"
    OTHER = "other", "Other"
    NONE = "none", "No coverage on record"


class Grouped(TenantModel):
    """By what every measured row is grouped: as on the first day of the month, or on the row's first day in it."""

    measured = TenantForeignKey(MeasuredMonth)
    patient = TenantForeignKey("registry.Patient")
    clinic = TenantForeignKey("tenancy.Clinic")
    care_manager = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    payer = TenantForeignKey("registry.Payer", null=True, blank=True)
    payer_class = models.CharField(max_length=10, choices=PayerClass.choices, default=PayerClass.NONE)
    is_medicaid = models.BooleanField(
        default=False, help_text="Any Medicaid coverage on the first day of the month, first or second"
    )
    program = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=40, blank=True)
    sex = models.CharField(max_length=1)
    age = models.PositiveSmallIntegerField(help_text="Whole years on the first day of the month")

    class Meta:
        abstract = True


class MeasuredEpisode(Grouped):
    """An episode as it was known at the end of a month: of all that overlap it, whose day 182 is not before it, or of
    which the patient said something in it. What came after the month's last day is not in it.
    """

    episode = TenantForeignKey("registry.Episode")
    consultant = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    enrolled_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True, help_text="None: open on the month's last day")
    end_reason = models.CharField(max_length=30, blank=True)
    is_in_month = models.BooleanField(help_text="Enrolled on at least one day of the month")
    # A patient who left and came back within the month is one patient: of their rows one counts.
    is_last_in_month = models.BooleanField(db_default=False, help_text="The patient's last one in the month")
    # Collaborative care within the episode: its last stretch up to the month's end.
    cocm_from = models.DateField(null=True, blank=True, help_text="Its first day; none: never in it")
    cocm_until = models.DateField(null=True, blank=True, help_text="Its last day; none: still in it at the end")
    is_last_cocm = models.BooleanField(
        db_default=False, help_text="The patient's last one with a day of collaborative care in the month"
    )
    # Contact: only sessions with the patient are clinical contacts.
    contacts = models.PositiveSmallIntegerField(default=0, help_text="Clinical contacts in the month")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Attempts and no-shows in the month")
    scales = models.PositiveSmallIntegerField(default=0, help_text="Scored symptom scales in the month")
    first_contact_on = models.DateField(null=True, blank=True)
    last_contact_on = models.DateField(null=True, blank=True)
    contacts_in_28_days = models.PositiveSmallIntegerField(default=0, help_text="Within 28 days of enrolment")
    contact_from_day_60_on = models.DateField(null=True, blank=True, help_text="The first from day 60 to day 90")
    # Change, on the episode's primary scale.
    scale = models.CharField(max_length=20, blank=True)
    baseline = models.PositiveSmallIntegerField(null=True, blank=True)
    baseline_on = models.DateField(null=True, blank=True)
    is_elevated = models.BooleanField(default=False)
    improved_at = models.SmallIntegerField(null=True, blank=True, help_text="The highest score that is an improvement")
    response_at = models.SmallIntegerField(null=True, blank=True, help_text="Half of the baseline")
    remission_below = models.SmallIntegerField(null=True, blank=True)
    latest = models.PositiveSmallIntegerField(null=True, blank=True, help_text="After the baseline")
    latest_on = models.DateField(null=True, blank=True)
    last_in_month = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The baseline included")
    at_16_weeks = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The last of days 70 to 112")
    last_scored_on = models.DateField(null=True, blank=True, help_text="Any scored symptom scale")
    # Review, safety, work, papers.
    first_review_on = models.DateField(
        null=True, blank=True, help_text="With a recommendation, of the last stretch of collaborative care"
    )
    last_review_on = models.DateField(null=True, blank=True)
    reviews = models.PositiveSmallIntegerField(default=0, help_text="In the month")
    positives = models.PositiveSmallIntegerField(default=0, help_text="Positive answers of the month")
    positives_same_day = models.PositiveSmallIntegerField(default=0, help_text="Of these, assessed on their day")
    seconds = models.PositiveIntegerField(default=0, help_text="Of work in the month, as logged")
    lacks = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="Open on the last day")
    # Stays in the 182 days before enrolment and from it on; None until those days have passed in this month, and where
    # the clinic has no stay of anybody on record in them: then nobody writes stays down.
    ed_before = models.PositiveSmallIntegerField(null=True, blank=True)
    ed_after = models.PositiveSmallIntegerField(null=True, blank=True)
    stays_before = models.PositiveSmallIntegerField(null=True, blank=True)
    stays_after = models.PositiveSmallIntegerField(null=True, blank=True)
    # What the patient said in the month: 1 to 5.
    said_reached = models.PositiveSmallIntegerField(null=True, blank=True)
    said_heard = models.PositiveSmallIntegerField(null=True, blank=True)
    said_recommend = models.PositiveSmallIntegerField(null=True, blank=True)
    # Money: None until the clinic's month is closed.
    is_billed = models.BooleanField(null=True, blank=True, help_text="The closed month asks something of a payer")
    expected = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    paid = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall(
                "outcomes_measuredepisode",
                *("measured", "patient", "clinic", "care_manager", "payer", "episode", "consultant"),
            ),
            models.UniqueConstraint(
                fields=["organization", "measured", "episode"], name="outcomes_measuredepisode_one"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="outcomes_measured_by_patient")]


class MeasuredReferral(Grouped):
    """A referral of the month two before, when its sixty days have passed, and what came of it."""

    referral = TenantForeignKey("registry.Referral")
    source = models.CharField(max_length=20)
    referred_on = models.DateField()
    first_attempt_on = models.DateField(null=True, blank=True)
    reached_on = models.DateField(null=True, blank=True)
    enrolled_on = models.DateField(null=True, blank=True)
    excluded = models.CharField(max_length=20, blank=True, help_text="duplicate, ineligible or died")

    class Meta:
        constraints = [
            *tenant_wall(
                "outcomes_measuredreferral",
                *("measured", "patient", "clinic", "care_manager", "payer", "referral"),
            ),
            models.UniqueConstraint(
                fields=["organization", "measured", "referral"], name="outcomes_measuredreferral_one"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="outcomes_mreferral_by_patient")]


class MeasuredAdvice(Grouped):
    """A recommendation whose first fourteen days ended in the month, and how far its loop had come by the month's end.

    One that asks for no change, or says nothing, has no loop and is not here.
    """

    recommendation = TenantForeignKey("caseload.Recommendation")
    episode = TenantForeignKey("registry.Episode")
    consultant = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    kind = models.CharField(max_length=20)
    proposed_on = models.DateField()
    decided_on = models.DateField(null=True, blank=True)
    decision = models.CharField(max_length=20, blank=True, help_text="accepted, modified or declined")
    told_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall(
                "outcomes_measuredadvice",
                *("measured", "patient", "clinic", "care_manager", "payer", "recommendation", "episode", "consultant"),
            ),
            models.UniqueConstraint(
                fields=["organization", "measured", "recommendation"], name="outcomes_measuredadvice_one"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="outcomes_madvice_by_patient")]
