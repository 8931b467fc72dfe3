"""Files that people upload or that the product writes, sealed, in Postgres, behind the same wall as rows."""

from django.db import models

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall


class StoredFile(TenantModel):
    """Bytes sealed with AES-GCM, bound to this row and organization. 25 MB at most."""

    purpose = models.CharField(max_length=40)
    media_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, help_text="Of the plain bytes")
    size = models.PositiveIntegerField()
    sealed = models.BinaryField()
    stored_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = tenant_wall("files_storedfile")
