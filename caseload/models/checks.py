"""What a clinic lead looks through every month and signs."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class MonthlyCheck(TenantModel):
    """A clinic's month looked through by its lead: the figures as they were shown, what was said, and the signature."""

    clinic = TenantForeignKey("tenancy.Clinic")
    month = models.DateField(help_text="Its first day")
    figures = models.JSONField(default=dict, help_text="Engagement, symptom change, completeness, overdue loops")
    remark = models.TextField(blank=True)
    tasks = models.JSONField(default=list, help_text="[words, whose, until when]")
    signed_at = models.DateTimeField()
    signed_by = TenantForeignKey("tenancy.Membership")
    signed_as = models.CharField(max_length=250)

    class Meta:
        constraints = [
            *tenant_wall("caseload_monthlycheck", "clinic", "signed_by"),
            AppMayOnly(name="caseload_monthlycheck_app"),
            models.UniqueConstraint(fields=["organization", "clinic", "month"], name="caseload_monthlycheck_one"),
            models.CheckConstraint(condition=Q(month__day=1), name="caseload_monthlycheck_first_day"),
        ]
