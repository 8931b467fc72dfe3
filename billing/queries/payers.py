"""Who pays for a patient on a day, and by which rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from billing.queries.records import CoverageRow
from billing.rules.facts import OptionValue
from billing.rules.payers import MEDICARE, PayerRules, default_rules, with_book_notes
from caseload.rules.clock import first_day, last_day

_PAYERS = """
    SELECT p.id, p.name, p.payer_code, p.is_self_pay, f.book, f.options, f.from_on, f.is_default,
           f.attestation, f.authorization, f.authorization_after_months, f.cost_share
    FROM registry_payer p
    LEFT JOIN billing_payerprofile f ON f.organization_id = p.organization_id AND f.payer_id = p.id
         AND f.withdrawn_at IS NULL
    WHERE p.organization_id = %s
    ORDER BY p.name, p.id, f.from_on
"""

NO_PAYER = PayerRules(MEDICARE, note="No coverage on record for this month: shown by Medicare's rules.")


@dataclass(frozen=True, slots=True)
class PayerOnRecord:
    """A payer with its profiles, the oldest first."""

    id: UUID
    name: str
    code: str
    is_self_pay: bool
    profiles: tuple[tuple[date, PayerRules], ...] = ()

    def rules_on(self, on: date) -> PayerRules:
        """The latest profile in force on a day. Where nobody set one, the default by the payer's name on that day,
        which says so: a guess follows the books that hold on the day.
        """
        known = [rules for from_on, rules in self.profiles if from_on <= on]
        return with_book_notes(known[-1], on) if known and not known[-1].note else default_rules(self.name, on)


def payers(organization_id: UUID) -> dict[UUID, PayerOnRecord]:
    """All payers of an organization by id, in one statement."""
    found: dict[UUID, PayerOnRecord] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, [organization_id])
        for payer_id, name, code, is_self_pay, book, options, from_on, is_default, *notes in cursor.fetchall():
            before = found.get(payer_id)
            profiles = before.profiles if before else ()
            if from_on is not None:
                note = default_rules(name).note if is_default else ""
                profiles = (*profiles, (from_on, PayerRules(book, _options(options), note, *notes)))
            found[payer_id] = PayerOnRecord(payer_id, name, code, is_self_pay, profiles)
    return found


def coverage_in(coverages: Iterable[CoverageRow], first_on: date, last_on: date) -> CoverageRow | None:
    """The coverage that pays a month first: the lowest rank in force on its last day, where claims are dated, else
    on any day of it.
    """
    known = sorted(coverages, key=lambda coverage: coverage.rank)
    at_end = (c for c in known if _holds(c, last_on, last_on))
    during = (c for c in known if _holds(c, first_on, last_on))
    return next(at_end, None) or next(during, None)


def payer_rules(
    coverages: Iterable[CoverageRow], known: Mapping[UUID, PayerOnRecord], month: str
) -> tuple[CoverageRow | None, PayerOnRecord | None, PayerRules]:
    """What pays a month first, and by which rules; without any coverage by Medicare's, which says so."""
    coverage = coverage_in(coverages, first_day(month), last_day(month))
    if coverage is None:
        return None, None, NO_PAYER
    payer = known[coverage.payer_id]
    return coverage, payer, payer.rules_on(first_day(month))


def _holds(coverage: CoverageRow, first_on: date, last_on: date) -> bool:
    begins, ends = coverage.from_on or date.min, coverage.until_on or date.max
    return begins <= last_on and ends >= first_on


def _options(stored: str) -> tuple[tuple[str, OptionValue], ...]:
    """Overrides as facts hold them: sorted pairs, lists as tuples."""
    values = json.loads(stored)
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in values.items()))
