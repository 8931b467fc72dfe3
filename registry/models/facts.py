"""The shape of everything that care and billing rest on: recorded once, by somebody, and never taken back."""

from datetime import datetime
from typing import Any

from django.db import models

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import AppMayOnly, VoidOnce, tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class FactQuerySet(models.QuerySet[Any]):
    """Reads of facts begin with `.live()`."""

    def live(self) -> "FactQuerySet":
        """Without what was voided: recorded in error, or brought by an import that was undone."""
        return self.filter(voided_at__isnull=True)

    def known_at(self, at: datetime) -> "FactQuerySet":
        """What was on record at an instant: recorded by then, and not voided until then."""
        return self.filter(models.Q(voided_at__isnull=True) | models.Q(voided_at__gt=at), recorded_at__lte=at)

    def standing(self, at: datetime | None) -> "FactQuerySet":
        """What is on record now, or was at an instant."""
        return self.live() if at is None else self.known_at(at)


class Fact(TenantModel):
    """A recorded fact. It is corrected by voiding it and recording another; both are kept.

    Its constraints begin with `*fact_wall(table, …)`.
    """

    recorded_at = models.DateTimeField()
    recorded_by = TenantForeignKey("tenancy.Membership")
    import_id = models.UUIDField(null=True, blank=True, help_text="The import that brought it")
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = TenantForeignKey("tenancy.Membership", null=True, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_live(self) -> bool:
        return self.voided_at is None


VOID_FIELDS = ("voided_at", "voided_by", "void_reason")


def fact_wall(
    table: str, *foreign_keys: str, may_change: tuple[str, ...] | None = None, is_always_seen: bool = False
) -> list[models.BaseConstraint]:
    """The tenant wall of a Fact, and: voided means when and by whom, only once; never deleted.

    `may_change` names the fields that the application may change besides voiding; None for any.
    """
    return [
        *tenant_wall(table, "recorded_by", "voided_by", *foreign_keys, is_always_seen=is_always_seen),
        AppMayOnly(name=f"{table}_app", update=None if may_change is None else (*VOID_FIELDS, *may_change)),
        VoidOnce(name=f"{table}_void_once"),
        models.CheckConstraint(
            condition=models.Q(voided_at__isnull=True, voided_by__isnull=True)
            | models.Q(voided_at__isnull=False, voided_by__isnull=False),
            name=f"{table}_voided_by_whom",
        ),
    ]
