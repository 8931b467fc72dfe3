"""Psychiatric review: what was asked, what the consultant wrote, and the loop of each recommendation."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from caseload.models.work import Contact
from registry.models import ClinicianChannel, Fact, fact_wall


class QuestionKind(models.TextChoices):
    QUESTION = "question", "Question"
    MEDICATION = "medication", "Medication question"
    CONCERN = "concern", "To discuss"
    CLINICIAN = "clinician", "Asked by the treating clinician"


class ReviewQuestion(Fact):
    """What somebody wants the consultant to look at. Open until a review answers it or it is taken back.

    It brings a patient into the queue beside the computed signals; it never hides one.
    """

    episode = TenantForeignKey("registry.Episode")
    kind = models.CharField(max_length=20, choices=QuestionKind.choices, default=QuestionKind.QUESTION)
    text = models.TextField()
    asked_by = TenantForeignKey("tenancy.Membership")
    asked_on = models.DateField()
    from_contact = TenantForeignKey(Contact, null=True, blank=True)
    answered_by = TenantForeignKey("caseload.CaseReview", null=True, blank=True)
    taken_back_because = models.CharField(max_length=300, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "caseload_reviewquestion",
                *("episode", "asked_by", "from_contact", "answered_by"),
                may_change=("answered_by", "taken_back_because"),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_reviewquestion_once"),
            models.CheckConstraint(condition=~Q(text=""), name="caseload_reviewquestion_says_what"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "episode"],
                condition=Q(voided_at__isnull=True, answered_by__isnull=True, taken_back_because=""),
                name="caseload_question_open",
            )
        ]


class CaseReview(Fact):
    """A psychiatric review of one patient, in a session or outside one. An imported one may lack what was
    recommended, and says so. Signed as `signed_as` says; what is added later is a ReviewAddendum.
    """

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    on = models.DateField()
    consultant = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    session = TenantForeignKey("caseload.ReviewSession", null=True, blank=True)
    question = models.TextField(blank=True, help_text="What was asked, as it stood when signed")
    summary = models.TextField(blank=True)
    impression = models.TextField(blank=True, help_text="Provisional: nobody was examined")
    signed_as = models.CharField(max_length=250, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    client_token = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("caseload_casereview", "patient", "episode", "consultant", "session", may_change=("patient",)),
            models.UniqueConstraint(
                fields=["organization", "client_token"],
                condition=Q(client_token__isnull=False),
                name="caseload_casereview_once",
            ),
        ]
        indexes = [models.Index(fields=["organization", "episode", "on"], name="caseload_review_by_episode")]


class ReviewAddendum(Fact):
    """What the consultant added to a signed review."""

    review = TenantForeignKey(CaseReview)
    text = models.TextField()
    signed_as = models.CharField(max_length=250)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_reviewaddendum", "review", may_change=()),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_reviewaddendum_once"),
            models.CheckConstraint(condition=~Q(text=""), name="caseload_reviewaddendum_says_something"),
        ]
        indexes = [models.Index(fields=["organization", "review"], name="caseload_addendum_by_review")]


class ReviewDraft(TenantModel):
    """A review being written, by care manager or consultant. It is no review until the consultant signs it.

    `number` counts its savings, so that of two people typing the second is shown what the first wrote.
    """

    episode = TenantForeignKey("registry.Episode")
    typed = models.JSONField(default=dict, help_text="summary, impression, recommendations")
    number = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()
    saved_by = TenantForeignKey("tenancy.Membership")
    read_at = models.DateTimeField(null=True, blank=True, help_text="When the consultant had it in view, this number")
    read_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("caseload_reviewdraft", "episode", "saved_by", "read_by"),
            models.UniqueConstraint(fields=["organization", "episode"], name="caseload_reviewdraft_one"),
        ]


class RecommendationKind(models.TextChoices):
    CONTINUE = "continue", "Continue"
    MEDICATION = "medication", "Medication"
    PSYCHOSOCIAL = "psychosocial", "Psychosocial"
    DIAGNOSTIC = "diagnostic", "Diagnostic clarification"
    EVALUATION = "evaluation", "Direct evaluation"
    REFERRAL = "referral", "Specialty referral"
    SAFETY = "safety", "Safety"
    STEP_DOWN = "step_down", "Step down"
    DISCHARGE = "discharge", "Discharge"
    NOT_RECORDED = "not_recorded", "Not recorded in the source"


class MedicationAct(models.TextChoices):
    """What is asked about a medication."""

    START = "start", "Start"
    DOSE = "dose", "Change the dose"
    SWITCH = "switch", "Switch"
    AUGMENT = "augment", "Add to it"
    STOP = "stop", "Stop"
    LAB = "lab", "Test or monitor"


class LoopState(models.TextChoices):
    """Where a recommendation stands."""

    PROPOSED = "proposed", "To send"
    SENT = "sent", "With the clinician"
    ACCEPTED = "accepted", "Accepted"
    MODIFIED = "modified", "Accepted with changes"
    DECLINED = "declined", "Declined"
    CARRIED_OUT = "carried_out", "Carried out"
    TOLD = "told", "Patient told"
    CLOSED = "closed", "Closed"


class Recommendation(Fact):
    """One numbered proposal of a review. Its words never change; `state` and `due_on` follow its steps.

    `due_on` is when the next step is due, by the clinic's limits; none once it is closed.
    """

    review = TenantForeignKey(CaseReview)
    number = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=20, choices=RecommendationKind.choices)
    act = models.CharField(max_length=20, choices=MedicationAct.choices, blank=True)
    text = models.TextField(blank=True)
    dose = models.CharField(max_length=200, blank=True)
    if_then = models.TextField(blank=True, help_text="If this, then that")
    present_again = models.CharField(max_length=200, blank=True, help_text="When to bring the patient back")
    present_again_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=LoopState.choices, default=LoopState.CLOSED)
    state_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("caseload_recommendation", "review", may_change=("state", "state_on", "due_on")),
            models.UniqueConstraint(fields=["organization", "review", "number"], name="caseload_recommendation_number"),
            # Always due something, or closed.
            models.CheckConstraint(
                condition=Q(state="closed", due_on__isnull=True) | (~Q(state="closed") & Q(due_on__isnull=False)),
                name="caseload_recommendation_always_due",
            ),
            models.CheckConstraint(
                condition=Q(act="") | Q(kind="medication"), name="caseload_recommendation_act_of_medication"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_on"],
                condition=Q(voided_at__isnull=True) & ~Q(state="closed"),
                name="caseload_recommendation_open",
            )
        ]


class RecommendationStep(Fact):
    """One step of a recommendation's loop: what, when, by whom, and through which channel. Only added.

    `state` is what it became. A step recorded in error is voided and the one before it holds again.
    """

    recommendation = TenantForeignKey(Recommendation)
    state = models.CharField(max_length=20, choices=LoopState.choices)
    at = models.DateTimeField()
    on = models.DateField()
    by = TenantForeignKey("tenancy.Membership")
    clinician = TenantForeignKey("registry.TreatingClinician", null=True, blank=True, help_text="Who decided")
    channel = models.CharField(max_length=20, choices=ClinicianChannel.choices, blank=True)
    is_verbal = models.BooleanField(default=False)
    text = models.TextField(blank=True, help_text="The change made, the reason, what was done or said")
    contact = TenantForeignKey(Contact, null=True, blank=True, help_text="In which the patient was told")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_recommendationstep", "recommendation", "by", "clinician", "contact", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "recommendation", "client_token"], name="caseload_recommendationstep_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "recommendation", "state"],
                condition=Q(voided_at__isnull=True),
                name="caseload_recommendationstep_each_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["modified", "declined"]) | ~Q(text=""),
                name="caseload_recommendationstep_says_why",
            ),
        ]
        indexes = [models.Index(fields=["organization", "recommendation", "at"], name="caseload_step_by_rec")]


class DecisionLink(Fact):
    """A link with which a clinician without an account decides on a review's recommendations, once.

    It opens only with the code that was sent to the address that the clinic knows. Link and code are not stored.
    """

    review = TenantForeignKey(CaseReview)
    clinician = TenantForeignKey("registry.TreatingClinician")
    token_sha256 = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()
    code_sha256 = models.BinaryField(max_length=32, null=True, blank=True)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    codes_sent = models.PositiveSmallIntegerField(default=0)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    session_sha256 = models.BinaryField(max_length=32, null=True, blank=True, help_text="Of the browser that confirmed")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "caseload_decisionlink",
                *("review", "clinician"),
                may_change=(
                    *("code_sha256", "code_sent_at", "codes_sent", "wrong_codes", "session_sha256"),
                    *("confirmed_at", "decided_at"),
                ),
            ),
            models.UniqueConstraint(fields=["organization", "token_sha256"], name="caseload_decisionlink_token"),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_decisionlink_once"),
        ]
        indexes = [models.Index(fields=["organization", "review"], name="caseload_link_by_review")]


class ChangeOf(models.TextChoices):
    MEDICATION = "medication", "Medication"
    PSYCHOSOCIAL = "psychosocial", "Psychosocial"
    OTHER = "other", "Other"


class TreatmentChange(Fact):
    """The treatment was changed on a day: the mark on the score chart, and what eases a stall for four weeks (T13)."""

    episode = TenantForeignKey("registry.Episode")
    on = models.DateField()
    of = models.CharField(max_length=20, choices=ChangeOf.choices)
    text = models.CharField(max_length=300)
    from_contact = TenantForeignKey(Contact, null=True, blank=True)
    from_recommendation = TenantForeignKey(Recommendation, null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_treatmentchange", "episode", "from_contact", "from_recommendation", may_change=()),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_treatmentchange_once"),
            models.CheckConstraint(condition=~Q(text=""), name="caseload_treatmentchange_says_what"),
        ]
        indexes = [models.Index(fields=["organization", "episode", "on"], name="caseload_change_by_episode")]


@keeps_history("caseload_reviewprotocol")
class ReviewProtocol(TenantModel):
    """A clinic's deadlines of review and recommendations, in days. One row at most; else the documented defaults.

    Those of a signal are empty where they are as usual; a safety recommendation is due the same day everywhere.
    """

    clinic = TenantForeignKey("tenancy.Clinic")
    medication_decision_days = models.PositiveSmallIntegerField(default=2, help_text="Business days to a decision")
    medication_told_days = models.PositiveSmallIntegerField(default=5)
    other_decision_days = models.PositiveSmallIntegerField(default=7, help_text="Days to a decision")
    other_told_days = models.PositiveSmallIntegerField(default=14)
    never_reviewed_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="T20")
    review_due_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="T21")
    first_follow_up_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="T19")
    stalled_watch_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="T13, amber")
    stalled_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="T13, red")
    long_episode_months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="T23")
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_reviewprotocol", "clinic", "changed_by"),
            AppMayOnly(name="caseload_reviewprotocol_app", update=None),
            models.UniqueConstraint(fields=["organization", "clinic"], name="caseload_reviewprotocol_one"),
        ]


class SignalBegan(TenantModel):
    """A signal that began, as the nightly sweep found it: kept once, however often the sweep runs."""

    episode = TenantForeignKey("registry.Episode")
    word = models.CharField(max_length=30)
    since_on = models.DateField()
    announced_at = models.DateTimeField()

    class Meta:
        constraints = [
            *tenant_wall("caseload_signalbegan", "episode"),
            AppMayOnly(name="caseload_signalbegan_app", update=()),
            models.UniqueConstraint(
                fields=["organization", "episode", "word", "since_on"], name="caseload_signalbegan_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "since_on"], name="caseload_began_by_day")]


class SignalSweep(TenantModel):
    """A night's sweep of an organization: how many episodes, how many signals began, how many rows differed."""

    on = models.DateField()
    swept_at = models.DateTimeField()
    episodes = models.PositiveIntegerField()
    began = models.PositiveIntegerField()
    differed = models.PositiveIntegerField(help_text="Standings that were not what their facts say: expected none")

    class Meta:
        constraints = [
            *tenant_wall("caseload_signalsweep"),
            models.UniqueConstraint(fields=["organization", "on"], name="caseload_signalsweep_one_a_day"),
        ]
