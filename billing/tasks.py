"""Billing's background work: the roll-up after each change, and the nightly comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog

from bhi.accounts.queries import system_membership
from bhi.jobs.registry import Run, Work, handles, nightly, repeats, subscribe
from billing.operations.merging import GATHER, gather_late
from billing.operations.profiles import ensure_profiles
from billing.operations.service_months import refresh_service_month, refresh_service_months, verify_service_months

log = structlog.get_logger(__name__)

REFRESH = "refresh_service_month"
VERIFY = "verify_service_months"


def register() -> None:
    """Say which kinds of job billing handles, and what queues them."""
    handles(REFRESH, refresh, label="Adding up a patient's minutes")
    subscribe("episode_changed", REFRESH, work_of_change)
    handles(GATHER, gather, label="Finishing a merge")
    handles(VERIFY, verify, label="Comparing every month with its entries")
    repeats(VERIFY, nightly)


def work_of_change(ids: Mapping[str, Any]) -> Iterable[Work]:
    """One job for an episode however many of its months changed: all are one statement."""
    yield Work(key=str(ids["episode_id"]), arguments={"episode_id": str(ids["episode_id"])})


def refresh(run: Run) -> None:
    episode_id = UUID(run.arguments["episode_id"])
    refresh_service_month(organization_id=run.organization_id, at=run.at, episode_id=episode_id)


def gather(run: Run) -> None:
    gather_late(organization_id=run.organization_id, at=run.at, merge_id=UUID(run.arguments["merge_id"]))


def verify(run: Run) -> None:
    """Report months that no write told of, then put them right, so that each is reported once."""
    found = verify_service_months(organization_id=run.organization_id)
    report = log.warning if found else log.info
    report("service_months.verified", organization_id=str(run.organization_id), differences=len(found))
    refresh_service_months(organization_id=run.organization_id, at=run.at)
    ensure_profiles(by=system_membership(run.organization_id), at=run.at)
