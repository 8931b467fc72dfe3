"""Writes of the caseload. Single operations audit and announce; drafts with `record_facts` are for imports."""

from caseload.operations.contacts import (
    ContactKept,
    NextContact,
    draft_contact,
    draft_follow_up,
    record_contact,
)
from caseload.operations.reviews import draft_review, record_review
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import (
    Work,
    draft_time,
    hold_overlaps,
    record_time,
    replace_time,
    void_time,
)

__all__ = [
    "ContactKept",
    "NextContact",
    "Work",
    "draft_contact",
    "draft_follow_up",
    "draft_review",
    "draft_time",
    "hold_overlaps",
    "rebuild_standing",
    "record_contact",
    "record_review",
    "record_time",
    "replace_time",
    "void_time",
]
