"""What workers do for the registry. Each handler makes one call and can run twice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.jobs.registry import Run, handles, nightly, repeats
from bhi.web.pdf import pdf_of
from billing.queries.accounting import accounting_whole
from caseload.rules.clock import local_date
from registry.operations import accountings, answers, emergencies, part_two_scope, safety, self_reports, who_saw
from registry.queries.accountings import accounting_heading
from registry.queries.part_two import part_two_of
from registry.queries.who_saw import span_of
from registry.rules.disclosures import accounted_from
from registry.rules.part_two import Use

DISCARD_LISTS = "discard_lists_of_seen"
DISCARD_ACCOUNTINGS = "discard_accountings"
COVER = "refresh_part_two"


def register() -> None:
    """Called once, when Django starts."""
    handles(self_reports.SEND, send_link)
    handles(self_reports.CLOSE, close_link)
    handles(safety.TELL, tell_of_danger)
    handles(safety.MAIL, mail_step)
    handles(emergencies.TELL, tell_of_emergency)
    handles(who_saw.MAKE, list_who_was_seen, label="Listing whom somebody saw")
    handles(DISCARD_LISTS, discard_lists)
    repeats(DISCARD_LISTS, nightly)
    handles(accountings.MAKE, make_accounting, label="Making the accounting of disclosures")
    handles(DISCARD_ACCOUNTINGS, discard_made_accountings)
    repeats(DISCARD_ACCOUNTINGS, nightly)
    handles(COVER, cover_records)
    repeats(COVER, nightly)


def send_link(run: Run) -> None:
    """Send a patient the link to a questionnaire."""
    self_reports.deliver_self_report(
        organization_id=run.organization_id, report_id=UUID(run.arguments["report_id"]), at=run.at
    )


def close_link(run: Run) -> None:
    """Keep what is usable of a questionnaire that was never finished."""
    answers.close_abandoned(organization_id=run.organization_id, report_id=UUID(run.arguments["report_id"]), at=run.at)


def tell_of_danger(run: Run) -> None:
    """Tell whoever is next of a safety notice."""
    safety.tell_of_notice(organization_id=run.organization_id, notice_id=UUID(run.arguments["notice_id"]), at=run.at)


def tell_of_emergency(run: Run) -> None:
    """Tell the leads that a record was opened in an emergency, or that nobody has looked at it."""
    emergencies.mail_of_emergency(
        organization_id=run.organization_id, access_id=UUID(run.arguments["access_id"]), at=run.at
    )


def mail_step(run: Run) -> None:
    """Send the call that a step of a notice records."""
    safety.mail_safety_step(organization_id=run.organization_id, step_id=UUID(run.arguments["step_id"]))


def list_who_was_seen(run: Run) -> None:
    """Make the list of whom a person saw, with names, for who asked for it."""
    span = span_of(run.arguments)
    who_saw.keep_list(organization_id=run.organization_id, job_id=run.job_id, span=span, at=run.at)


def discard_lists(run: Run) -> None:
    """Delete the lists whose day is over."""
    who_saw.discard_lists(organization_id=run.organization_id, at=run.at)


def cover_records(run: Run) -> None:
    """Every night: put right which records 42 CFR part 2 covers, of patients made while somebody declared a program."""
    part_two_scope.refresh_all(run.organization_id)


def make_accounting(run: Run) -> None:
    """Make a patient's accounting of disclosures for paper. A second run makes it anew."""
    patient_id = UUID(run.arguments["patient_id"])
    content = accounting_paper(run.organization_id, patient_id, at=run.at)
    accountings.keep_accounting(organization_id=run.organization_id, patient_id=patient_id, content=content, at=run.at)


def accounting_paper(organization_id: UUID, patient_id: UUID, *, at: datetime) -> bytes:
    """The PDF as of an instant, on the day of the patient's clinic. Raises PdfImpossible."""
    whose = accounting_heading(organization_id, patient_id)
    zone = ZoneInfo(whose["time_zone"])
    on = local_date(at, zone)
    part_two = part_two_of(organization_id, patient_id)
    context = whose | {
        "from_on": accounted_from(on),
        "on": on,
        "rows": accounting_whole(organization_id, patient_id, asked_on=on, zone=zone),
        "is_covered": part_two.is_marked,
        "notices": part_two.notices(Use.TO_PATIENT, on),
    }
    return pdf_of("pdf/accounting.html", context, style="pdf/record.css", is_tagged=True)


def discard_made_accountings(run: Run) -> None:
    """Every night: those whose day is over."""
    accountings.discard_accountings(organization_id=run.organization_id, at=run.at)
