"""Of one month's logged time, what does not count and why: seconds by reason."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from caseload.rules.clock import month_of, month_starts_and_ends
from caseload.rules.minutes import BEHAVIORAL_SERVICES, Circumstances, Entry
from caseload.rules.standing import Standing, standings

CONSULTANT, CLERICAL = "psychiatric_consultant", "clerical"
# Roles whose time never counts, each said by its name; any other such role keeps the general word.
_ROLES = {CONSULTANT: "consultant", CLERICAL: "clerical"}


def lost_seconds(entries: Iterable[Entry], circumstances: Circumstances, month: str) -> Mapping[str, int]:
    """Seconds of collaborative-care and BHI time of one episode that do not count in a month, by reason.

    They add up to what was logged less what counts towards either (`minutes.counted`), but for seconds lost where
    an entry's parts do not fall on whole ones. CCM has its own minutes and is left out.
    """
    inside = [part for entry in entries if not entry.voided for part in _within(entry, month, circumstances.zone)]
    lost: Counter[str] = Counter()
    for entry, found in zip(inside, standings(inside, circumstances), strict=True):
        if entry.service in BEHAVIORAL_SERVICES:
            lost.update(_reasons(entry, found))
    return dict(lost)


def _within(entry: Entry, month: str, zone: ZoneInfo) -> Iterable[Entry]:
    """The part of an entry that lies in the month; none where it lies outside."""
    if entry.span is None:
        if entry.on is not None and month_of(entry.on) == month:
            yield entry
        return
    starts, ends = month_starts_and_ends(month, zone)
    begins, stops = max(entry.span[0], starts), min(entry.span[1], ends)
    if begins < stops:
        yield replace(entry, span=(begins, stops))


def _reasons(entry: Entry, found: Standing) -> Mapping[str, int]:
    reasons: Counter[str] = Counter()
    for reason in found.reasons:
        word = _ROLES.get(entry.role, reason.word) if reason.word == "role_never_counts" else reason.word
        reasons[word] += reason.seconds
    return reasons
