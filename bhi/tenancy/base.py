"""The base of every table that belongs to one organization."""

from django.db import models

from bhi.tenancy.ids import uuid7


class TenantModel(models.Model):
    """A row of one organization. Its Meta.constraints begin with `*tenant_wall(table, …)`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        "tenancy.Organization", on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )

    class Meta:
        abstract = True
