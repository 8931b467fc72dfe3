"""Change history of a table: what each changed or deleted row was before, by trigger, walled like its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pghistory
from django.db import models

from bhi.tenancy.constraints import AppMayOnly, TenantRLS


def keeps_history(table: str) -> Callable[[type[models.Model]], type[models.Model]]:
    """Class decorator. The present row is the last version, so only what changes leave behind is stored."""
    meta: dict[str, Any] = {
        "db_table": f"{table}_history",
        "constraints": [TenantRLS(name=f"{table}_history_tenant"), AppMayOnly(name=f"{table}_history_app")],
        "indexes": [models.Index(fields=["organization", "pgh_obj"], name=f"{table}_hist")],
    }
    track: Callable[[type[models.Model]], type[models.Model]] = pghistory.track(
        pghistory.UpdateEvent("changed", row=pghistory.Old, condition=pghistory.AnyChange()),
        pghistory.DeleteEvent("deleted", row=pghistory.Old),
        context_id_field=None,  # type: ignore[arg-type]
        meta=meta,
    )
    return track
