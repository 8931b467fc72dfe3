"""Imports of caseloads: the file, the fate of every row, and what was done with it."""

from django.db import models

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class ImportState(models.TextChoices):
    READING = "reading", "Being read"
    PREVIEW = "preview", "Waiting for confirmation"
    IMPORTING = "importing", "Being imported"
    IMPORTED = "imported", "Imported"
    REFUSED = "refused", "Could not be read"
    UNDONE = "undone", "Undone"
    DISCARDED = "discarded", "Discarded"


class ImportRun(TenantModel):
    """One upload. Rows that an import records carry its id, so that it can be undone."""

    by = TenantForeignKey("tenancy.Membership")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=ImportState.choices)
    options = models.JSONField(default=dict, help_text="Column mapping and clinic time zones as chosen")
    summary = models.JSONField(default=dict)
    job_id = models.UUIDField(null=True)
    imported_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = TenantForeignKey("tenancy.Membership", null=True)

    class Meta:
        constraints = tenant_wall("caseload_importrun", "by", "undone_by")
        indexes = [models.Index(fields=["organization", "created_at"], name="caseload_importrun_by_time")]


class ImportFile(TenantModel):
    """A file of an import, in upload order."""

    run = TenantForeignKey(ImportRun)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    stored_file = TenantForeignKey("files.StoredFile")

    class Meta:
        constraints = [
            *tenant_wall("caseload_importfile", "run", "stored_file"),
            models.UniqueConstraint(fields=["organization", "run", "position"], name="caseload_importfile_position"),
        ]


class ImportRow(TenantModel):
    """The fate of one row of one sheet, decided before anything is written."""

    run = TenantForeignKey(ImportRun)
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=200)
    row_number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    fate = models.CharField(max_length=20)
    label = models.CharField(max_length=300, blank=True)
    messages = models.JSONField(default=list)

    class Meta:
        constraints = [
            *tenant_wall("caseload_importrow", "run"),
            models.UniqueConstraint(fields=["organization", "run", "position"], name="caseload_importrow_position"),
        ]


class ImportMapping(TenantModel):
    """How an organization's files of one kind are read: columns, words and clinics, saved under a name."""

    name = models.CharField(max_length=60)
    headers = models.JSONField(default=list, help_text="The header cells by which a file of this kind is known again")
    choices = models.JSONField(default=dict, help_text="Columns, words and clinics as they were chosen")
    saved_at = models.DateTimeField()
    saved_by = TenantForeignKey("tenancy.Membership")

    class Meta:
        constraints = [
            *tenant_wall("caseload_importmapping", "saved_by"),
            models.UniqueConstraint(fields=["organization", "name"], name="caseload_importmapping_name"),
        ]
