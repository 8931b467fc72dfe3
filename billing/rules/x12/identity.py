"""When two payments are the same one: by what they pay, whatever file, envelope or layout they came in."""

from __future__ import annotations

import hashlib
import json

from billing.rules.x12.remittances import Less, PaidClaim, Payment


def content_sha256(payment: Payment) -> str:
    """The hash of what a payment pays. It counts beside payer, trace number, day and total.

    Payments of nothing share their trace numbers, so what they say of each line tells them apart. Of money that moved
    only the claims and amounts count: a payer that gives other reasons for the same money, or another status, has not
    paid it twice.
    """
    return _hashed(payment, has_status=False)


def content_with_status(payment: Payment) -> str:
    """The same as it was hashed while the status of claims counted too: payments posted then carry this one."""
    return _hashed(payment, has_status=True)


def _hashed(payment: Payment, *, has_status: bool) -> str:
    of_claim = _in_full if payment.total == 0 else _in_short
    claims = sorted(json.dumps(of_claim(one, has_status=has_status)) for one in payment.claims)
    kept = sorted(json.dumps([one.reason, one.reference, str(one.amount)]) for one in payment.provider_less)
    return hashlib.sha256(json.dumps([claims, kept]).encode()).hexdigest()


def _in_short(one: PaidClaim, *, has_status: bool) -> list[object]:
    return [one.control.upper(), *([one.status] if has_status else []), str(one.charge), str(one.paid)]


def _in_full(one: PaidClaim, *, has_status: bool) -> list[object]:
    lines = [
        [line.code, line.control, str(line.charge), str(line.paid), _less(line.less), line.remarks]
        for line in one.lines
    ]
    return [*_in_short(one, has_status=has_status), one.payer_claim_number, _less(one.less), lines]


def _less(less: tuple[Less, ...]) -> list[list[str]]:
    return [[one.group, one.reason, str(one.amount)] for one in less]
