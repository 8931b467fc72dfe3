"""What would lie with nobody if somebody's work ended now: counts by kind, and where each is given to a colleague."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db import connection

from bhi.accounts.permissions import Permission
from bhi.accounts.queries import people_of
from bhi.tenancy.sight import seeing_everything


@dataclass(frozen=True)
class Left:
    """One kind of unfinished work: how much, the page where it goes to somebody else, and who may open that page.

    Without a page, `hint` says what helps.
    """

    key: str
    words: str
    count: int
    url_name: str
    permission: Permission | None
    is_of_seat: bool = False  # the page takes ?from=<seat>
    hint: str = ""


@dataclass(frozen=True)
class _Kind:
    key: str
    one: str
    many: str
    sql: str
    url_name: str = ""
    permission: Permission | None = None
    is_of_seat: bool = False
    hint: str = ""


_KINDS: Final = (
    _Kind(
        "patients",
        "open patient as care manager",
        "open patients as care manager",
        "SELECT count(*) FROM registry_episode WHERE care_manager_id = %(seat)s AND ended_on IS NULL "
        "AND voided_at IS NULL",
        "hand_over",
        Permission.LOG_CONTACT,
        is_of_seat=True,
    ),
    _Kind(
        "consulted",
        "open patient as psychiatric consultant",
        "open patients as psychiatric consultant",
        "SELECT count(*) FROM registry_episode WHERE consultant_id = %(seat)s AND ended_on IS NULL "
        "AND voided_at IS NULL",
        "caseload",
        Permission.VIEW_CASELOAD,
    ),
    _Kind(
        "follow_ups",
        "follow-up assigned by name",
        "follow-ups assigned by name",
        "SELECT count(*) FROM caseload_followup WHERE assigned_to_id = %(seat)s AND closed_on IS NULL "
        "AND voided_at IS NULL",
        "hand_over",
        Permission.LOG_CONTACT,
        is_of_seat=True,
    ),
    _Kind(
        "referrals",
        "referral under way",
        "referrals under way",
        "SELECT count(*) FROM registry_referral WHERE assigned_to_id = %(seat)s AND ended_on IS NULL "
        "AND voided_at IS NULL",
        "referrals",
        Permission.REFER,
    ),
    _Kind(
        "drafts",
        "note begun and not saved",
        "notes begun and not saved",
        "SELECT count(*) FROM caseload_draft WHERE membership_id = %(seat)s",
        hint="Only they can: save or discard it",
    ),
    _Kind(
        "timers",
        "running timer",
        "running timers",
        "SELECT count(*) FROM caseload_timer WHERE membership_id = %(seat)s AND stopped_at IS NULL",
        hint="Only they can: save or let it go",
    ),
    _Kind(
        "kept",
        "restricted record that nobody else may open",
        "restricted records that nobody else may open",
        "SELECT count(*) FROM registry_restriction WHERE voided_at IS NULL AND seats @> ARRAY[%(seat)s::uuid] "
        "AND NOT (seats || recorded_by_id) && %(others)s::uuid[]",
        hint="Whoever restricted it names others, on the patient’s page",
    ),
    _Kind(
        "held",
        "held entry of time",
        "held entries of time",
        "SELECT count(*) FROM caseload_timeentry WHERE by_id = %(seat)s AND held AND voided_at IS NULL",
        "held_times",
        Permission.LOG_CONTACT,
    ),
    _Kind(
        "duty",
        "turn on duty",
        "turns on duty",
        "SELECT count(*) FROM registry_dutyturn WHERE member_id = %(seat)s AND is_current",
        "clinic_settings",
        Permission.SET_PROTOCOLS,
    ),
    _Kind(
        "slots",
        "weekly review slot",
        "weekly review slots",
        "SELECT (SELECT count(*) FROM caseload_reviewslot WHERE consultant_id = %(seat)s AND is_current) + "
        "(SELECT count(*) FROM caseload_slotseat s JOIN caseload_reviewslot r ON r.id = s.slot_id "
        "WHERE s.membership_id = %(seat)s AND r.is_current)",
        "review_slots",
        Permission.SET_SLOTS,
    ),
    _Kind(
        "sessions",
        "review session planned or under way",
        "review sessions planned or under way",
        "SELECT count(*) FROM caseload_reviewsession WHERE consultant_id = %(seat)s AND voided_at IS NULL "
        "AND (state = 'live' OR (state = 'planned' AND \"on\" >= %(today)s))",
        "review_sessions",
        Permission.JOIN_REVIEW,
    ),
    _Kind(
        "supervised",
        "person whose notes they co-sign, or who co-signs theirs",
        "people whose notes they co-sign, or who co-sign theirs",
        "SELECT count(*) FROM caseload_supervision WHERE is_current AND %(seat)s IN (supervisor_id, supervised_id)",
        "supervision",
        Permission.SET_PROTOCOLS,
    ),
    _Kind(
        "covers",
        "colleague for whom they stand in",
        "colleagues for whom they stand in",
        "SELECT count(*) FROM caseload_cover WHERE by_id = %(seat)s AND until_on >= %(today)s AND voided_at IS NULL",
        "covers",
        Permission.LOG_CONTACT,
    ),
    _Kind(
        "inbox",
        "treating clinician’s inbox",
        "treating clinicians’ inboxes",
        "SELECT count(*) FROM registry_treatingclinician WHERE membership_id = %(seat)s AND channel = 'inbox'",
        "clinicians",
        Permission.SET_PROTOCOLS,
    ),
    _Kind(
        "denials",
        "denial or refund to work on",
        "denials or refunds to work on",
        "SELECT (SELECT count(*) FROM billing_denial WHERE owner_id = %(seat)s AND state = 'open') + "
        "(SELECT count(*) FROM billing_refund WHERE owner_id = %(seat)s AND closed_on IS NULL)",
        "denials",
        Permission.WORK_DENIALS,
    ),
    _Kind(
        "exceptions",
        "exception of a month before its close",
        "exceptions of months before their close",
        "SELECT count(*) FROM billing_monthexception WHERE owner_id = %(seat)s AND NOT is_settled",
        "current_month",
        Permission.VIEW_MONTHS,
    ),
)


def left_by(organization_id: UUID, seat_id: UUID, *, today: date) -> tuple[Left, ...]:
    """What is unfinished, in the order of its weight; nothing where the seat may go.

    Counts only, in one query beside that of who works here, and of everything, whichever clinics whoever asks may see.
    """
    others = [id_ for id_, one in people_of(organization_id).items() if one.is_active and id_ != seat_id]
    columns = ", ".join(f"({kind.sql})" for kind in _KINDS)
    with seeing_everything(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", {"seat": seat_id, "today": today, "others": others})
        counts = cursor.fetchone()
    return tuple(
        Left(kind.key, kind.one if n == 1 else kind.many, n, kind.url_name, kind.permission, kind.is_of_seat, kind.hint)
        for kind, n in zip(_KINDS, counts, strict=True)
        if n
    )
