"""What limits who may see a record or to whom it may be told, and what was told to whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from registry.models.facts import Fact, fact_wall
from registry.models.people import Patient


class Restriction(Fact):
    """A record that only some seats may open: of a colleague, a relative, somebody known to the town."""

    patient = TenantForeignKey(Patient)
    reason = models.CharField(max_length=300)
    seats = ArrayField(models.UUIDField(), default=list, help_text="Who may open it")

    class Meta:
        constraints = [
            *fact_wall("registry_restriction", "patient", may_change=("patient",), is_always_seen=True),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=Q(voided_at__isnull=True),
                name="registry_restriction_one",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="registry_restriction_says_why"),
        ]


class EmergencyAccess(TenantModel):
    """A record opened past its limits because somebody's safety required it: why, until when, and who looked at it."""

    patient = TenantForeignKey(Patient)
    by = TenantForeignKey("tenancy.Membership")
    reason = models.CharField(max_length=500)
    begun_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    looked_at_at = models.DateTimeField(null=True, blank=True)
    looked_at_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    was_justified = models.BooleanField(null=True, blank=True)
    finding = models.CharField(max_length=500, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *tenant_wall("registry_emergencyaccess", "patient", "by", "looked_at_by", is_always_seen=True),
            AppMayOnly(
                name="registry_emergencyaccess_app",
                update=("patient", "ended_at", "looked_at_at", "looked_at_by", "was_justified", "finding"),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_emergency_once"),
            models.CheckConstraint(condition=Q(until__gt=F("begun_at")), name="registry_emergency_ends"),
            models.CheckConstraint(
                condition=Q(looked_at_at__isnull=True, looked_at_by__isnull=True, was_justified__isnull=True)
                | (
                    Q(looked_at_at__isnull=False, looked_at_by__isnull=False, was_justified__isnull=False)
                    & ~Q(looked_at_by=F("by"))
                ),
                name="registry_emergency_looked_at_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "by", "until"], name="registry_emergency_by"),
            models.Index(fields=["organization", "patient"], name="registry_emergency_patient"),
        ]


class PartTwoMark(Fact):
    """Records of a substance use disorder program, which 42 CFR part 2 covers: from which program, since when."""

    patient = TenantForeignKey(Patient)
    program_name = models.CharField(max_length=200)
    what = models.CharField(max_length=300, blank=True, help_text="What of the record came from there")
    from_on = models.DateField()
    client_token = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_parttwomark", "patient", may_change=("patient",)),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_parttwomark_once"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_parttwo_by_patient")]


class PartTwoProgram(Fact):
    """The organization, or one clinic of it, is a substance use disorder program: all its records are covered.

    Without such a row only marked records are. `questions_to` stands on the notice that patients get (42 CFR 2.22).
    """

    clinic = TenantForeignKey("tenancy.Clinic", null=True, blank=True)
    program_name = models.CharField(max_length=200)
    since_on = models.DateField()
    questions_to = models.CharField(max_length=300, help_text="Whom patients ask or complain to: name, telephone")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("registry_parttwoprogram", "clinic", may_change=(), is_always_seen=True),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_parttwoprogram_once"),
            models.UniqueConstraint(
                fields=["organization", "clinic"],
                condition=Q(voided_at__isnull=True, clinic__isnull=False),
                name="registry_parttwoprogram_one_a_clinic",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(voided_at__isnull=True, clinic__isnull=True),
                name="registry_parttwoprogram_one_for_all",
            ),
        ]


class PartTwoNotice(Fact):
    """A patient was given the notice of how a program may use their records (42 CFR 2.22)."""

    patient = TenantForeignKey(Patient)
    given_on = models.DateField()
    how = models.CharField(max_length=200, help_text="On paper, by e-mail, read aloud")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("registry_parttwonotice", "patient", may_change=("patient",)),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_parttwonotice_once"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_parttwonotice_pat")]


class PartTwoPurpose(models.TextChoices):
    """42 CFR 2.31 and 2.33. Consent for legal proceedings is never combined with another (2.31(d))."""

    TREATMENT_PAYMENT_OPERATIONS = "tpo", "All future treatment, payment and health care operations"
    SPECIFIC = "specific", "One purpose, named"
    COUNSELING_NOTES = "notes", "Substance use counseling notes"
    LEGAL = "legal", "A civil, criminal, administrative or legislative proceeding"


class PartTwoConsent(Fact):
    """A patient's written consent to disclose part 2 records, with what 42 CFR 2.31 asks of it."""

    patient = TenantForeignKey(Patient)
    purpose = models.CharField(max_length=10, choices=PartTwoPurpose.choices)
    purpose_text = models.CharField(max_length=300, blank=True)
    discloser = models.CharField(max_length=200, help_text="Who may disclose")
    recipient = models.CharField(max_length=300, help_text="To whom, by name or class")
    what = models.CharField(max_length=300, help_text="What may be disclosed")
    signed_on = models.DateField()
    signed_by_name = models.CharField(max_length=200, help_text="The patient, or who signs for them")
    until_on = models.DateField(null=True, blank=True)
    until_event = models.CharField(max_length=200, blank=True, help_text="Or the event that ends it; 'none' for TPO")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_on = models.DateField(null=True, blank=True)
    revoked_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    revoked_how = models.CharField(max_length=200, blank=True)
    client_token = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall(
                "registry_parttwoconsent",
                "patient",
                "revoked_by",
                may_change=("patient", "revoked_at", "revoked_on", "revoked_by", "revoked_how"),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_parttwoconsent_once"),
            models.CheckConstraint(
                condition=Q(until_on__isnull=False) | ~Q(until_event=""), name="registry_parttwoconsent_ends"
            ),
            models.CheckConstraint(
                condition=Q(purpose="tpo") | ~Q(purpose_text=""), name="registry_parttwoconsent_names_purpose"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_on__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_on__isnull=False, revoked_by__isnull=False),
                name="registry_parttwoconsent_revoked",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_parttwoconsent_pat")]


class DisclosurePurpose(models.TextChoices):
    """Why something of a record was told outside. The first four need no accounting (45 CFR 164.528(a)(1))."""

    TREATMENT = "treatment", "Treatment"
    PAYMENT = "payment", "Payment"
    OPERATIONS = "operations", "Health care operations"
    TO_PATIENT = "to_patient", "To the patient, or as the patient authorized"
    PUBLIC_HEALTH = "public_health", "Public health"
    ABUSE_OR_NEGLECT = "abuse", "Report of abuse, neglect or violence"
    OVERSIGHT = "oversight", "Health oversight agency"
    COURT = "court", "Court or administrative proceeding"
    LAW_ENFORCEMENT = "law_enforcement", "Law enforcement"
    THREAT = "threat", "To avert a serious threat"
    DEATH = "death", "Coroner, medical examiner, funeral director"
    RESEARCH = "research", "Research"
    WORKERS_COMPENSATION = "workers_comp", "Workers' compensation"
    REQUIRED_BY_LAW = "law", "Otherwise required by law"
    MISTAKE = "mistake", "By mistake"


class Disclosure(Fact):
    """What of a record was told to whom outside, when and why."""

    patient = TenantForeignKey(Patient)
    on = models.DateField()
    recipient = models.CharField(max_length=200)
    recipient_address = models.CharField(max_length=300, blank=True)
    what = models.CharField(max_length=300)
    purpose = models.CharField(max_length=20, choices=DisclosurePurpose.choices)
    why = models.CharField(max_length=300, blank=True, help_text="In a sentence, or the written request it answers")
    consent = TenantForeignKey(PartTwoConsent, null=True, blank=True)
    object_id = models.UUIDField(null=True, blank=True, help_text="The export or letter that left")
    client_token = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall("registry_disclosure", "patient", "consent", may_change=("patient",)),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_disclosure_once"),
        ]
        indexes = [models.Index(fields=["organization", "patient", "on"], name="registry_disclosure_by_pat")]


class AmendmentBasis(models.TextChoices):
    """Why a request to amend may be denied (45 CFR 164.526(a)(2))."""

    ACCURATE = "accurate", "The record is accurate and complete"
    NOT_OURS = "not_ours", "We did not make this part, and who made it can still be asked"
    NOT_IN_SET = "not_in_set", "It is no part of the records that decisions rest on"
    NO_ACCESS = "no_access", "It is a part that the patient has no right to see"


class AmendmentRequest(Fact):
    """A patient asked that the record be amended; answered within 60 days (45 CFR 164.526), statements kept."""

    patient = TenantForeignKey(Patient)
    asked_on = models.DateField()
    what = models.TextField()
    due_on = models.DateField()
    is_accepted = models.BooleanField(null=True, blank=True)
    answered_on = models.DateField(null=True, blank=True)
    answered_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    answer = models.TextField(blank=True)
    basis = models.CharField(max_length=20, blank=True, choices=AmendmentBasis.choices, help_text="Of a denial")
    changed = models.CharField(max_length=300, blank=True, help_text="Of an acceptance: what was changed, and where")
    disagreement = models.TextField(blank=True, help_text="The patient's statement, where it was denied")
    extended_because = models.CharField(max_length=300, blank=True, help_text="Once, by thirty days at most")
    client_token = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            *fact_wall(
                "registry_amendmentrequest",
                "patient",
                "answered_by",
                may_change=(
                    *("patient", "is_accepted", "answered_on", "answered_by", "answer", "basis", "changed"),
                    *("disagreement", "due_on", "extended_because"),
                ),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_amendment_once"),
            models.CheckConstraint(
                condition=~Q(is_accepted=False) | ~Q(basis=""), name="registry_amendment_denied_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(is_accepted=True) | ~Q(changed=""), name="registry_amendment_accepted_says_what"
            ),
            models.CheckConstraint(
                condition=Q(is_accepted__isnull=True, answered_on__isnull=True, answered_by__isnull=True)
                | (Q(is_accepted__isnull=False, answered_on__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="registry_amendment_answered",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_amendment_by_patient")]


class WithheldBecause(models.TextChoices):
    """Why a part of a copy may be left out (45 CFR 164.524(a)(2) and (3)). The last three can be reviewed."""

    PROCEEDING = "proceeding", "Put together for a court or administrative proceeding"
    CUSTODY = "custody", "Asked for from a correctional institution, where a copy would endanger somebody"
    RESEARCH = "research", "Made in research that goes on, as the patient agreed"
    CONFIDED = "confided", "Told by somebody else in confidence, whom it would reveal"
    ENDANGERS = "endangers", "Likely to endanger somebody's life or physical safety"
    OTHERS = "others", "About somebody else, to whom it is likely to do substantial harm"
    REPRESENTATIVE = "representative", "Asked for by a representative, and likely to do somebody substantial harm"


class RecordWithholding(Fact):
    """Parts of a record that a copy leaves out, and what the patient is told of it (45 CFR 164.524(d))."""

    patient = TenantForeignKey(Patient)
    parts = ArrayField(models.CharField(max_length=40), help_text="Tables of the copy, by their names")
    because = models.CharField(max_length=20, choices=WithheldBecause.choices)
    told = models.CharField(max_length=1000, help_text="What the patient is told, in plain words")
    decided_by = models.CharField(max_length=200, help_text="Who decided")
    license = models.CharField(max_length=100, blank=True, help_text="Profession and license of who decided")
    decided_on = models.DateField()
    reviewer = models.CharField(max_length=200, blank=True, help_text="Who would review it, not having decided")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("registry_recordwithholding", "patient", may_change=("patient",)),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_recordwithholding_once"),
            models.CheckConstraint(
                condition=~Q(parts=[]) & ~Q(told="") & ~Q(decided_by=""), name="registry_recordwithholding_says_why"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_recordwithholding_pat")]


class RecordExport(TenantModel):
    """A copy of a patient's whole record, asked for by the patient or their representative."""

    patient = TenantForeignKey(Patient)
    asked_on = models.DateField()
    asked_by = models.CharField(max_length=200, help_text="The patient, or who asks for them and by what right")
    due_on = models.DateField(help_text="Thirty days later (45 CFR 164.524)")
    from_on = models.DateField(null=True, blank=True, help_text="Only what happened from this day on")
    until_on = models.DateField(null=True, blank=True)
    job_id = models.UUIDField(null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = TenantForeignKey("tenancy.Membership")
    pdf = TenantForeignKey("files.StoredFile", null=True, blank=True)
    structured = TenantForeignKey("files.StoredFile", null=True, blank=True)
    given_on = models.DateField(null=True, blank=True)
    given_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *tenant_wall("registry_recordexport", "patient", "made_by", "pdf", "structured", "given_by"),
            AppMayOnly(
                name="registry_recordexport_app", update=("patient", "pdf", "structured", "given_on", "given_by")
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="registry_recordexport_once"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="registry_recordexport_by_pat")]
