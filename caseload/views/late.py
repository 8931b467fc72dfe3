"""Saving what a closed month refuses: with the reason that the form asked for then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from bhi.tenancy.models import Membership
from billing.operations.late import write_late
from caseload.forms.worktime import WorkTimeForm

T = TypeVar("T")


def written(form: WorkTimeForm, write: Callable[[], T], *, by: Membership, at: datetime) -> T:
    """Carry out a form's write; as one that comes late where the form says why. Raises what the write raises."""
    if form.because_late:
        return write_late(by=by, at=at, because=form.because_late, write=write)
    return write()
