"""What workers do for the caseload. Each handler makes one call and can run twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from bhi.accounts.queries import people_of, system_membership
from bhi.errors import DomainError
from bhi.jobs.registry import Run, Work, handles, nightly, repeats, subscribe
from bhi.tenancy.models import Membership
from bhi.web.pdf import pdf_of
from billing.operations.late import follow_stay_late
from caseload.operations import decision_links, rebuild_standing
from caseload.operations.imports import confirm_import, discard_old_imports, preview_again, read_import
from caseload.operations.review_sessions import plan_coming_sessions
from caseload.operations.review_slots import PLAN_JOB
from caseload.operations.summary_files import MAKE, discard_summaries, keep_summary
from caseload.operations.sweeps import sweep_signals
from caseload.queries.case_summary import case_summary
from caseload.queries.courses import open_episodes_at
from caseload.queries.imports import is_importing
from caseload.queries.review_drafts import episode_of_review
from caseload.rules.clock import local_date
from registry.queries.part_two import part_two_of
from registry.rules.part_two import Use

log = structlog.get_logger(__name__)

SWEEP = "sweep_signals"


def register() -> None:
    """Called once, when Django starts."""
    handles("read_import", read_long_import)
    handles("carry_out_import", carry_out_long_import)
    handles("discard_old_imports", discard_imports)
    repeats("discard_old_imports", nightly)
    handles(MAKE, make_summary, label="Making the case summary", as_owner=True)
    handles("discard_summaries", discard_made_summaries)
    repeats("discard_summaries", nightly)
    handles("rebuild_standing", rebuild_one_standing, label="Working out where a patient stands")
    subscribe("episode_changed", "rebuild_standing", _stale_standing)
    handles("rebuild_clinic", rebuild_clinic, label="Working out where a clinic’s patients stand")
    handles(SWEEP, sweep, label="Looking at every patient’s signals")
    repeats(SWEEP, nightly)
    handles(PLAN_JOB, plan_sessions)
    repeats(PLAN_JOB, nightly)
    handles(decision_links.SEND, send_link, label="Sending a clinician a link")
    handles(decision_links.SEND_CODE, send_code, label="Sending a clinician a code")
    handles("follow_stay", follow_one_stay, label="Marking the minutes of a hospital stay")
    subscribe("patient_stay", "follow_stay", _stay_to_follow)


def read_long_import(run: Run) -> None:
    """Preview an upload that was too long for a page."""
    read_import(by=_by(run), at=run.at, run_id=UUID(run.arguments["run_id"]), progress=run.progress)


def carry_out_long_import(run: Run) -> None:
    """Carry out a confirmed import. What cannot be is said in a new preview; a second run finds nothing to do."""
    by, run_id = _by(run), UUID(run.arguments["run_id"])
    if not is_importing(run.organization_id, run_id):
        return
    try:
        confirm_import(
            by=by,
            at=run.at,
            run_id=run_id,
            digest=run.arguments["digest"],
            in_background=False,
            progress=run.progress,
        )
    except DomainError as refusal:
        preview_again(by=by, at=run.at, run_id=run_id, because=str(refusal))


def discard_imports(run: Run) -> None:
    """Every night: files and unconfirmed imports of more than thirty days ago."""
    discard_old_imports(by=system_membership(run.organization_id), at=run.at)


def make_summary(run: Run) -> None:
    """Make one episode's summary for paper. A second run makes it anew."""
    episode_id = UUID(run.arguments["episode_id"])
    content = paper_of(run.organization_id, episode_id, at=run.at)
    keep_summary(organization_id=run.organization_id, episode_id=episode_id, content=content, at=run.at)


def paper_of(organization_id: UUID, episode_id: UUID, *, at: datetime) -> bytes:
    """The PDF of an episode's summary as of an instant. Raises NotFound, PdfImpossible."""
    zone = episode_of_review(organization_id, episode_id).zone
    on = local_date(at, zone)
    summary = case_summary(organization_id, episode_id, on=on)
    notices = part_two_of(organization_id, summary.patient_id).notices(Use.TREATMENT, on)
    return pdf_of("pdf/case_summary.html", {"summary": summary, "notices": notices})


def discard_made_summaries(run: Run) -> None:
    """Every night: the summaries whose day is over."""
    discard_summaries(organization_id=run.organization_id, at=run.at)


def rebuild_one_standing(run: Run) -> None:
    """Work an episode's standing out again, after the registry recorded something."""
    rebuild_standing(organization_id=run.organization_id, episode_ids=[UUID(run.arguments["episode_id"])], at=run.at)


def rebuild_clinic(run: Run) -> None:
    """Work out the standing of everybody at a clinic again, after it set its own limits."""
    episode_ids = open_episodes_at(run.organization_id, UUID(run.arguments["clinic_id"]))
    rebuild_standing(organization_id=run.organization_id, episode_ids=episode_ids, at=run.at)


def sweep(run: Run) -> None:
    """Every night: announce signals that began, and report and mend rows that no write told of."""
    night = run.at.date()
    swept = sweep_signals(organization_id=run.organization_id, on=night, at=run.at, progress=run.progress)
    report = log.warning if swept.differed else log.info
    report("signals.swept", organization_id=str(run.organization_id), **asdict(swept))


def follow_one_stay(run: Run) -> None:
    """Mark what was worked during a stay and plan its follow-up, after the registry recorded it."""
    by = system_membership(run.organization_id)
    follow_stay_late(by=by, at=run.at, stay_id=UUID(run.arguments["stay_id"]))


def plan_sessions(run: Run) -> None:
    """Every night, and after a slot was set: the next session of each weekly review slot, with its agenda."""
    plan_coming_sessions(organization_id=run.organization_id, at=run.at)


def send_link(run: Run) -> None:
    """Send a clinician the link to what is asked of them."""
    link_id = UUID(run.arguments["link_id"])
    decision_links.deliver_link(organization_id=run.organization_id, link_id=link_id, at=run.at)


def send_code(run: Run) -> None:
    """Send the code that opens a clinician's link."""
    link_id, number = UUID(run.arguments["link_id"]), int(run.arguments["number"])
    decision_links.deliver_code(organization_id=run.organization_id, link_id=link_id, number=number, at=run.at)


def _stay_to_follow(ids: Mapping[str, Any]) -> Iterable[Work]:
    return (Work(str(ids["stay_id"]), {"stay_id": ids["stay_id"]}),)


def _stale_standing(ids: Mapping[str, Any]) -> Iterable[Work]:
    """The caseload's own operations rebuild in their transaction; what the registry changes is caught up here."""
    if ids.get("standing") == "rebuilt":
        return ()
    return (Work(str(ids["episode_id"]), {"episode_id": ids["episode_id"]}),)


def _by(run: Run) -> Membership:
    return people_of(run.organization_id)[UUID(run.arguments["by_id"])]
