"""Patients, what pays for them, and who treats them."""

from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, SeenBySeat, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from registry.models.facts import Fact, FactQuerySet, fact_wall


class ClinicianChannel(models.TextChoices):
    """How a treating clinician is told of recommendations and answers them; many never sign in."""

    EHR = "ehr", "EHR message"
    PAPER = "paper", "Paper"
    LINK = "link", "Secure link"
    INBOX = "inbox", "Inbox here"
    IN_PERSON = "in_person", "In person"


class TreatingClinician(TenantModel):
    """The practitioner who treats and bills. Many never sign in, so a seat is optional."""

    name = models.CharField(max_length=200, help_text="As people say it: Ana Rivera")
    sort_name = models.CharField(max_length=200)
    credential = models.CharField(max_length=40, blank=True)
    npi = models.CharField(max_length=10, blank=True)
    membership = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    channel = models.CharField(max_length=20, choices=ClinicianChannel.choices, default=ClinicianChannel.EHR)
    email = models.EmailField(blank=True, help_text="Known to the clinic: links and codes go there and nowhere else")

    class Meta:
        constraints = [
            *tenant_wall("registry_treatingclinician", "membership"),
            models.CheckConstraint(
                condition=~models.Q(channel="link") | ~models.Q(email=""),
                name="registry_treatingclinician_link_needs_address",
            ),
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
    takes_mbi = models.BooleanField(default=False, help_text="Member ids are Medicare numbers, whose form is checked")

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


class PatientQuerySet(FactQuerySet):
    """Reads of patients begin with `.live()`."""

    def live(self) -> "PatientQuerySet":
        """Without what was voided, and without records that go on under another."""
        return self.filter(voided_at__isnull=True, merged_into__isnull=True)


@keeps_history("registry_patient")
class Patient(Fact):
    """A person. The record number is the clinic's own; two clinics may use the same one.

    It may be empty: a warm hand-off or a referral comes before anybody has looked it up. `merged_into` names the
    record under which a person found twice goes on.
    """

    clinic = TenantForeignKey("tenancy.Clinic")
    mrn = models.CharField(max_length=40, blank=True)
    merged_into = TenantForeignKey("self", null=True, blank=True)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    middle_name = models.CharField(max_length=100, blank=True)
    sort_name = models.CharField(max_length=310)
    birth_date = models.DateField()
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    preferred_name = models.CharField(max_length=100, blank=True)
    gender = models.CharField(max_length=60, blank=True, help_text="In the patient's own words, where care needs it")
    phone = models.CharField(max_length=40, blank=True)
    phone_best_times = models.CharField(max_length=100, blank=True)
    may_leave_voicemail = models.BooleanField(null=True, blank=True)
    may_text = models.BooleanField(null=True, blank=True)
    second_phone = models.CharField(max_length=40, blank=True)
    second_phone_best_times = models.CharField(max_length=100, blank=True)
    may_leave_voicemail_second = models.BooleanField(null=True, blank=True)
    may_text_second = models.BooleanField(null=True, blank=True)
    language = models.CharField(max_length=40, blank=True)
    needs_interpreter = models.BooleanField(null=True, blank=True)
    email = models.EmailField(blank=True)
    may_email = models.BooleanField(null=True, blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    died_on = models.DateField(null=True, blank=True)
    is_restricted = models.BooleanField(default=False, help_text="A live Restriction names who may open it")
    is_part_two = models.BooleanField(
        default=False, help_text="A live PartTwoMark says what of it 42 CFR part 2 covers"
    )
    next_visit_on = models.DateField(null=True, blank=True, help_text="The next visit in primary care")

    objects = PatientQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            *fact_wall("registry_patient", "clinic", "merged_into"),
            SeenBySeat(clinic="clinic", name="registry_patient_seen"),
            models.UniqueConstraint(
                fields=["organization", "clinic", "mrn"],
                condition=Q(voided_at__isnull=True) & ~Q(mrn=""),
                name="registry_patient_mrn",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="registry_patient_merged_into_another",
            ),
        ]
        indexes = [models.Index(fields=["organization", "sort_name", "id"], name="registry_patient_by_name")]

    def __str__(self) -> str:
        return f"patient {self.id}"

    @property
    def name(self) -> str:
        """As people say it."""
        return " ".join(part for part in (self.given_name, self.middle_name, self.family_name) if part)


class RecordNumber(Fact):
    """The number under which another clinic of the organization knows the patient, or a merged record did."""

    patient = TenantForeignKey(Patient)
    clinic = TenantForeignKey("tenancy.Clinic")
    mrn = models.CharField(max_length=40)

    class Meta:
        constraints = [
            *fact_wall("registry_recordnumber", "patient", "clinic", may_change=("patient",)),
            models.UniqueConstraint(
                fields=["organization", "clinic", "mrn"],
                condition=Q(voided_at__isnull=True),
                name="registry_recordnumber_once",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_recordnumber_by_pat")]


class Representation(models.TextChoices):
    """By what right somebody decides for the patient."""

    NONE = "", "Does not decide for the patient"
    PARENT = "parent", "Parent"
    GUARDIAN = "guardian", "Guardian"
    AGENT = "agent", "Health care agent"
    OTHER = "other", "Other representative"


@keeps_history("registry_relatedperson")
class RelatedPerson(Fact):
    """Somebody of the patient's: to call in an emergency, to decide for them, or to speak with about some things."""

    patient = TenantForeignKey(Patient)
    name = models.CharField(max_length=200)
    relation = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    is_emergency_contact = models.BooleanField(default=False)
    represents_as = models.CharField(max_length=20, choices=Representation.choices, blank=True)
    may_speak_about = models.CharField(max_length=300, blank=True, help_text="Empty: nothing may be told")
    until_on = models.DateField(null=True, blank=True, help_text="The last day of that permission")

    class Meta:
        constraints = fact_wall("registry_relatedperson", "patient")
        indexes = [models.Index(fields=["organization", "patient"], name="registry_related_by_patient")]


class StayKind(models.TextChoices):
    EMERGENCY = "emergency", "Emergency department"
    INPATIENT = "inpatient", "Hospital stay"
    OBSERVATION = "observation", "Observation stay"


class Stay(Fact):
    """A time in an emergency department or hospital; open while `until_on` is not known."""

    patient = TenantForeignKey(Patient)
    kind = models.CharField(max_length=20, choices=StayKind.choices)
    facility = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_stay", "patient", may_change=("until_on", "patient")),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="registry_stay_in_order"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_stay_by_patient")]


class PatientMerge(TenantModel):
    """Two records found to be one person, put together by somebody; `moved` lets it be taken apart again."""

    kept = TenantForeignKey(Patient)
    merged = TenantForeignKey(Patient)
    at = models.DateTimeField()
    by = TenantForeignKey("tenancy.Membership")
    moved = models.JSONField(default=list, help_text="Table and id of each row that went over")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_wall("registry_patientmerge", "kept", "merged", "by", "undone_by"),
            AppMayOnly(name="registry_patientmerge_app", update=("undone_at", "undone_by")),
            models.UniqueConstraint(
                fields=["organization", "merged"],
                condition=Q(undone_at__isnull=True),
                name="registry_patientmerge_once",
            ),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="registry_patientmerge_of_two"),
        ]
        indexes = [models.Index(fields=["organization", "kept"], name="registry_patientmerge_by_kept")]


class NotTheSame(Fact):
    """Somebody looked at two alike records and said that they are two people."""

    patient = TenantForeignKey(Patient)
    other = TenantForeignKey(Patient)

    class Meta:
        constraints = [
            *fact_wall("registry_notthesame", "patient", "other", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "patient", "other"],
                condition=Q(voided_at__isnull=True),
                name="registry_notthesame_once",
            ),
        ]


class Relationship(models.TextChoices):
    """What the patient is to whoever holds the insurance."""

    SELF = "self", "Holds it"
    SPOUSE = "spouse", "Spouse"
    CHILD = "child", "Child"
    OTHER = "other", "Other dependent"


@keeps_history("registry_coverage")
class Coverage(Fact):
    """Insurance of a patient, in the order in which it pays."""

    patient = TenantForeignKey(Patient)
    payer = TenantForeignKey(Payer)
    member_id = models.CharField(max_length=40, blank=True)
    rank = models.PositiveSmallIntegerField(default=1)
    from_on = models.DateField(null=True, blank=True)
    until_on = models.DateField(null=True, blank=True)
    plan_name = models.CharField(max_length=100, blank=True)
    group_number = models.CharField(max_length=50, blank=True)
    relationship = models.CharField(max_length=10, choices=Relationship.choices, default=Relationship.SELF)
    subscriber_family_name = models.CharField(max_length=100, blank=True)
    subscriber_given_name = models.CharField(max_length=100, blank=True)
    subscriber_birth_date = models.DateField(null=True, blank=True)
    subscriber_sex = models.CharField(max_length=1, choices=Sex.choices, blank=True)
    subscriber_address = models.CharField(max_length=200, blank=True)
    subscriber_city = models.CharField(max_length=100, blank=True)
    subscriber_state = models.CharField(max_length=2, blank=True)
    subscriber_postal_code = models.CharField(max_length=10, blank=True)

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


class CoverageCheck(Fact):
    """Somebody asked whether a coverage was in force: when, where, and what was said."""

    patient = TenantForeignKey(Patient)
    coverage = TenantForeignKey(Coverage)
    on = models.DateField()
    source = models.CharField(max_length=100, help_text="Payer's portal, telephone, eligibility file …")
    is_in_force = models.BooleanField()

    class Meta:
        constraints = fact_wall("registry_coveragecheck", "patient", "coverage", may_change=("patient",))
        indexes = [models.Index(fields=["organization", "patient", "on"], name="registry_check_by_patient")]


class PriorAuthorization(Fact):
    """A payer agreed beforehand to what a patient is given, under this number, for some days."""

    patient = TenantForeignKey(Patient)
    payer = TenantForeignKey(Payer)
    number = models.CharField(max_length=50)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_priorauthorization", "patient", "payer", may_change=("patient",)),
            models.CheckConstraint(condition=~Q(number=""), name="registry_authorization_has_number"),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="registry_authorization_in_order",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_authorization_patient")]


class Appointment(Fact):
    """A visit that the practice has planned, as its own system says: the patient is then in the clinic."""

    patient = TenantForeignKey(Patient)
    on = models.DateField()
    at = models.TimeField(null=True, blank=True, help_text="Clock time at the clinic, where known")
    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True)
    with_whom = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = fact_wall("registry_appointment", "patient", "clinic", may_change=("patient",))
        indexes = [
            models.Index(fields=["organization", "patient", "on"], name="registry_appointment_patient"),
            models.Index(
                fields=["organization", "on"], condition=Q(voided_at__isnull=True), name="registry_appointment_day"
            ),
        ]
