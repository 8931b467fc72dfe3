"""Who was seen and screened in the practice, as its own system lists them: most are not in the program."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class ScreeningState(models.TextChoices):
    WAITING = "waiting", "Waiting to be read"
    READ = "read", "Read: look at it and confirm"
    TAKEN = "taken", "Taken over"
    REFUSED = "refused", "Could not be read"
    DISCARDED = "discarded", "Discarded"


class ScreeningFile(TenantModel):
    """A file of visits of one month. A later one of the same clinic and month replaces it; both are kept."""

    clinic = TenantForeignKey("tenancy.Clinic")
    month = models.DateField(help_text="Its first day")
    name = models.CharField(max_length=200)
    stored_file = TenantForeignKey("files.StoredFile", null=True, blank=True)
    received_at = models.DateTimeField()
    received_by = TenantForeignKey("tenancy.Membership")
    state = models.CharField(max_length=10, choices=ScreeningState.choices, default=ScreeningState.WAITING)
    faults = models.JSONField(default=list, help_text="[row, column, what to mend]")
    counts = models.JSONField(default=dict, help_text="Visits, screened, positive, followed up, in the program")
    refusal = models.CharField(max_length=300, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    is_replaced = models.BooleanField(default=False)
    job_id = models.UUIDField(null=True, blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *tenant_wall("outcomes_screeningfile", "clinic", "stored_file", "received_by"),
            AppMayOnly(name="outcomes_screeningfile_app", update=None),
            models.UniqueConstraint(fields=["organization", "client_token"], name="outcomes_screeningfile_once"),
            models.UniqueConstraint(
                fields=["organization", "clinic", "month"],
                condition=Q(state="taken", is_replaced=False),
                name="outcomes_screeningfile_one_holds",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="outcomes_screeningfile_first_day"),
        ]


class ScreenedVisit(TenantModel):
    """One patient seen in the month, once, with the last screen in the twelve months before and what followed."""

    file = TenantForeignKey(ScreeningFile)
    clinic = TenantForeignKey("tenancy.Clinic")
    patient = TenantForeignKey("registry.Patient", null=True, blank=True, help_text="If in the program")
    mrn = models.CharField(max_length=40)
    seen_on = models.DateField()
    screened_on = models.DateField(null=True, blank=True)
    instrument = models.CharField(max_length=10, blank=True, help_text="phq2 or phq9")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    is_first = models.BooleanField(default=False, help_text="The patient's first PHQ-9 ever at this practice")
    followed_up_on = models.DateField(null=True, blank=True)
    followed_up_by = models.CharField(max_length=100, blank=True, help_text="Referral, visit, medication …")

    class Meta:
        constraints = [
            *tenant_wall("outcomes_screenedvisit", "file", "clinic", "patient"),
            AppMayOnly(name="outcomes_screenedvisit_app", update=("patient",)),
            models.UniqueConstraint(fields=["organization", "file", "mrn"], name="outcomes_screenedvisit_once"),
            models.CheckConstraint(
                condition=Q(screened_on__isnull=True, instrument="", score__isnull=True)
                | (Q(screened_on__isnull=False, score__isnull=False) & ~Q(instrument="")),
                name="outcomes_screenedvisit_whole",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="outcomes_screened_by_patient")]
