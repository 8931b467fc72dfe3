"""The facts of a month, gathered set-wise from the records: one statement for each measured table.

Each source is added up once over the organization's rows and then joined, so that a month costs as many statements for
ten thousand patients as for one. Whoever asks lifts the limits of sight first (`seeing_everything`): a stored month
holds everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min

from outcomes.queries.measuring_advice import ADVICE_COLUMNS, ADVICE_SQL
from outcomes.queries.measuring_episodes import EPISODE_COLUMNS, EPISODE_SQL
from outcomes.queries.measuring_referrals import REFERRAL_COLUMNS, REFERRAL_SQL
from outcomes.queries.payer_classes import payer_classes
from outcomes.rules.months import STAYS_DAYS, last_day_of, month_before, next_month
from registry.models import Episode, Referral
from registry.rules.instruments import INSTRUMENTS, TARGET_SCALES, scale_key_of
from registry.rules.risk_course import POSITIVE, RISEN

# Followed in every episode, whatever was chosen for it (caseload.rules.course).
_USUAL_SCALES: Final = ("phq9", "gad7")


@dataclass(frozen=True)
class Gathering:
    """A measured table with what fills it: a SELECT of its columns, in their order."""

    table: str
    columns: tuple[str, ...]
    sql: str


GATHERINGS: Final = (
    Gathering("outcomes_measuredepisode", EPISODE_COLUMNS, EPISODE_SQL),
    Gathering("outcomes_measuredreferral", REFERRAL_COLUMNS, REFERRAL_SQL),
    Gathering("outcomes_measuredadvice", ADVICE_COLUMNS, ADVICE_SQL),
)


def gathering_params(organization_id: UUID, month: date) -> dict[str, Any]:
    """What the statements of a month are run with. Two statements, for the payers' classes."""
    last = last_day_of(month)
    classes = payer_classes(organization_id, month)
    return {
        "organization": organization_id,
        "first": month,
        "last": last,
        "next": next_month(month),
        "from_enrolled": month - timedelta(days=STAYS_DAYS),
        "raised": [POSITIVE, RISEN],
        "cohort": month_before(month, 2),
        "cohort_last": last_day_of(month_before(month, 2)),
        "payers": list(classes),
        "classes": list(classes.values()),
        **_scales(),
    }


@contextmanager
def without_loops() -> Iterator[None]:
    """Joins by hashing, within the transaction that runs it. Two statements.

    Postgres knows nothing of the parts of a statement, takes each for a row or two, and would go through one for every
    row of another: squared with the organization (150 patients: 280 ms instead of 10). Before Postgres 18 a loop that
    cannot be helped then looks so dear that the whole would be compiled for it, which takes longer than to run it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL jit = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT; SET LOCAL jit = DEFAULT")


def gathered(organization_id: UUID, month: date) -> dict[str, list[dict[str, Any]]]:
    """A month's facts as they would be stored now, by table. Writes nothing; for comparisons."""
    params = gathering_params(organization_id, month)
    found: dict[str, list[dict[str, Any]]] = {}
    with transaction.atomic(), without_loops(), connection.cursor() as cursor:
        for one in GATHERINGS:
            cursor.execute(one.sql, params)
            found[one.table] = [dict(zip(one.columns, row, strict=True)) for row in cursor.fetchall()]
    return found


def first_fact_on(organization_id: UUID) -> date | None:
    """The day of the first enrolment or referral that is on record; None where there is none. Two statements."""
    enrolled = Episode.objects.live().filter(organization_id=organization_id).aggregate(on=Min("enrolled_on"))["on"]
    referred = Referral.objects.live().filter(organization_id=organization_id).aggregate(on=Min("referred_on"))["on"]
    return min(filter(None, (enrolled, referred)), default=None)


def _scales() -> Mapping[str, list[Any]]:
    """The tools that an episode can be steered by, with their limits, as columns: they are written down once, in the
    tools' own files.
    """
    keys = [key for key in INSTRUMENTS if scale_key_of(key) in TARGET_SCALES]
    scales = [TARGET_SCALES[scale_key_of(key)] for key in keys]
    order = list(dict.fromkeys((*_USUAL_SCALES, *TARGET_SCALES)))
    return {
        "tools": keys,
        "scales": [scale.key for scale in scales],
        "places": [order.index(scale.key) for scale in scales],
        "elevated_from": [scale.elevated_from for scale in scales],
        "remission_below": [scale.remission_below for scale in scales],
        "improved_by": [scale.improved_by for scale in scales],
        "usual": [scale.key in _USUAL_SCALES for scale in scales],
    }
