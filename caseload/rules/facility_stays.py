"""What a stay in a hospital or an emergency visit means for the work: a follow-up soon after."""

from dataclasses import dataclass
from datetime import date, timedelta

from registry.rules.people import follow_up_due

# Who left longer ago was heard of too late for this: somebody will have been in touch, or the stay is old history.
STILL_FRESH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FollowUpAfter:
    """A follow-up after a stay: by when, and what for. The words tell one stay's follow-up from another's."""

    due_on: date
    purpose: str


def follow_up_after(kind: str, left_on: date, today: date) -> FollowUpAfter | None:
    """Due seven days after leaving, or today where those are over; None where the patient left over 30 days ago."""
    if left_on < today - STILL_FRESH:
        return None
    return FollowUpAfter(max(follow_up_due(left_on), today), follow_up_words(kind, left_on))


def follow_up_words(kind: str, left_on: date) -> str:
    """What the follow-up after a stay of this kind is called."""
    what = {"emergency": "emergency visit", "observation": "observation stay"}.get(kind, "hospital stay")
    return f"After {what}, left {left_on:%b} {left_on.day}, {left_on.year}"
