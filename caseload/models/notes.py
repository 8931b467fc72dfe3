"""What surrounds a contact's note: what it was begun with, what was added later, who signed beside, and letters."""

from django.db import models

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey
from bhi.tenancy.history import keeps_history
from caseload.models.work import Activity, Contact
from registry.models import Fact, fact_wall


@keeps_history("caseload_notetemplate")
class NoteTemplate(TenantModel):
    """What a note of one kind of work begins with, in the organization's own words."""

    activity = models.CharField(max_length=30, choices=Activity.choices)
    name = models.CharField(max_length=60)
    body = models.TextField()
    is_in_use = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_notetemplate", "changed_by"),
            AppMayOnly(name="caseload_notetemplate_app", update=None),
            models.UniqueConstraint(fields=["organization", "activity", "name"], name="caseload_notetemplate_name"),
        ]


class Draft(TenantModel):
    """A form that somebody is still writing about a patient. It counts nowhere and is gone once it is saved."""

    membership = TenantForeignKey("tenancy.Membership")
    patient = TenantForeignKey("registry.Patient")
    typed = models.JSONField(default=dict, help_text="The form's fields as they were typed")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            *tenant_wall("caseload_draft", "membership", "patient"),
            models.UniqueConstraint(fields=["organization", "membership", "patient"], name="caseload_draft_one"),
        ]


class Addendum(Fact):
    """What was added to a signed note. The note itself stays as it was."""

    contact = TenantForeignKey(Contact)
    text = models.TextField()
    signed_as = models.CharField(max_length=250, help_text="Name and credential at that time")
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_addendum", "contact", may_change=()),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_addendum_once"),
        ]
        indexes = [models.Index(fields=["organization", "contact"], name="caseload_addendum_by_contact")]


class CoSignature(Fact):
    """A supervisor read a supervised person's note and signs beside it."""

    contact = TenantForeignKey(Contact)
    by = TenantForeignKey("tenancy.Membership")
    signed_as = models.CharField(max_length=250)
    remark = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            *fact_wall("caseload_cosignature", "contact", "by", may_change=()),
            models.UniqueConstraint(
                fields=["organization", "contact"],
                condition=models.Q(voided_at__isnull=True),
                name="caseload_cosignature_one",
            ),
        ]


class LetterKind(models.TextChoices):
    UNABLE_TO_REACH = "unable_to_reach", "We could not reach you"
    CLOSING = "closing", "We are closing for now"
    GRADUATION = "graduation", "You have finished"


@keeps_history("caseload_lettertemplate")
class LetterTemplate(TenantModel):
    """A letter in the organization's own words, per language."""

    kind = models.CharField(max_length=20, choices=LetterKind.choices)
    language = models.CharField(max_length=5, default="en")
    body = models.TextField()
    changed_at = models.DateTimeField()
    changed_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_lettertemplate", "changed_by"),
            AppMayOnly(name="caseload_lettertemplate_app", update=None),
            models.UniqueConstraint(fields=["organization", "kind", "language"], name="caseload_lettertemplate_one"),
        ]


class Letter(Fact):
    """A letter that was printed for a patient, as it was printed."""

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    kind = models.CharField(max_length=20, choices=LetterKind.choices)
    language = models.CharField(max_length=5, default="en")
    on = models.DateField()
    body = models.TextField()
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall("caseload_letter", "patient", "episode", may_change=("patient",)),
            models.UniqueConstraint(fields=["organization", "client_token"], name="caseload_letter_once"),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="caseload_letter_by_patient")]
