"""Who saw or changed what: by patient, by person, newest first. Words for the screen, never values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.audit.models import AuditEvent
from bhi.tenancy.models import Membership

PAGE = 50

CLOCK_SLACK_MS = 60_000

# What was done, as a sentence says it. A test holds this against every action that the code writes.
WORDS: dict[str, str] = {
    "advice.carried_out": "recorded that a recommendation was carried out",
    "advice.closed": "closed a recommendation",
    "advice.decided": "recorded the decision on a recommendation",
    "advice.link_code_sent": "sent a code for a clinician's link",
    "advice.link_locked": "closed a clinician's link after wrong codes",
    "advice.link_opened": "opened a clinician's link with its code",
    "advice.link_sent": "sent a clinician a link",
    "advice.link_used": "took a clinician's decisions by link",
    "advice.link_viewed": "opened what a clinician's link asks",
    "advice.overdue_viewed": "opened the late recommendations",
    "advice.patient_told": "recorded that the patient was told of a recommendation",
    "advice.printed": "opened a recommendation for printing",
    "advice.sent": "sent a recommendation to the clinician",
    "advice.step_voided": "took back a step of a recommendation",
    "advice.viewed": "opened the recommendations",
    "access_alignment.recorded": "recorded an ACCESS alignment",
    "access_alignment.voided": "took back an ACCESS alignment",
    "agenda.added_to": "put a patient on an agenda",
    "agenda.defer_opened": "opened putting a patient’s review off",
    "agenda.deferred": "put a patient’s review off",
    "agenda.moved": "changed the order of an agenda",
    "agenda.put_back": "put a patient back on an agenda",
    "agenda.taken_off": "took a patient off an agenda",
    "inbox.viewed": "opened what is asked of them",
    "my_patients.viewed": "opened their patients",
    "analysis.viewed": "opened the analysis of months",
    "assessment.opened": "opened a new score",
    "assessment.recorded": "recorded a score",
    "assessment.replaced": "corrected a score",
    "assessment.viewed": "opened a score",
    "assessment.voided": "voided a score",
    "assessments.viewed": "opened the scores",
    "audit.viewed": "opened the audit",
    "batch.downloaded": "downloaded a batch",
    "batch.made": "made a batch of claims",
    "batch.viewed": "opened a batch",
    "care_plan.compared": "compared versions of a care plan",
    "care_plan.opened": "opened a care plan to write",
    "care_plan.printed": "opened a care plan for the patient",
    "care_plan.recorded": "recorded a care plan",
    "care_plan.sign_opened": "opened the sign-off of a care plan",
    "care_plan.signed": "recorded the sign-off of a care plan",
    "care_plan.viewed": "opened a care plan",
    "care_team.changed": "changed the care team",
    "careplan.voided": "voided a care plan",
    "caseload.exported": "exported the caseload",
    "caseload.printed": "opened the caseload for printing",
    "caseload.view_deleted": "deleted a saved view",
    "caseload.view_saved": "saved a view of the caseload",
    "caseload.viewed": "opened the caseload",
    "chart.viewed": "opened the chart",
    "clinician_year.set": "said which clinicians qualify for the higher rate",
    "clinic.site_set": "set what claims say of a clinic",
    "clinician.added": "added a treating clinician",
    "clinician.changed": "changed a treating clinician",
    "consent.opened": "opened consent",
    "consent.recorded": "recorded consent",
    "consent.revoked": "recorded that consent was taken back",
    "consent.voided": "voided a consent",
    "consent_text.viewed": "opened the consent texts",
    "consent_text.written": "wrote a version of the consent text",
    "contact.added_to": "added to a note",
    "contact.co_signed": "signed beside a note",
    "contact.opened": "opened a new contact",
    "contact.recorded": "logged a contact",
    "contact.viewed": "opened a note",
    "contact.voided": "took back a note",
    "coverage.added": "added coverage",
    "coverage.changed": "changed coverage",
    "coverage.checked": "recorded whether coverage is in force",
    "coverage_checks.viewed": "opened whose coverage to ask about",
    "coverage.reordered": "changed the order of coverages",
    "coverage.voided": "removed coverage",
    "decision.made": "decided on a patient's month",
    "decision.released_together": "released several months",
    "decision.taken_back": "took back a decision on a month",
    "diagnosis.confirmed": "recorded that a diagnosis was confirmed",
    "diagnosis.opened": "opened the diagnoses",
    "diagnosis.put_first": "put a diagnosis first",
    "diagnosis.recorded": "recorded a diagnosis",
    "diagnosis.voided": "voided a diagnosis",
    "duplicates.viewed": "opened possible duplicates",
    "duty.ended": "took a turn off the rota",
    "duty.set": "put people on duty",
    "enrolment.begun": "opened the form that enrols",
    "enrolment.viewed": "opened the enrolment",
    "episode.ended": "ended an episode",
    "episode.opened": "opened an episode",
    "episode.program_changed": "changed the program",
    "episode.program_opened": "opened the program",
    "episode.relapse_prevention": "began relapse prevention",
    "episode.reopened": "took a discharge back",
    "episode.status_changed": "changed the status",
    "episode.status_viewed": "opened the status",
    "episode.targets_chosen": "chose the target scales",
    "first_assessment.compared": "compared versions of a first assessment",
    "first_assessment.opened": "opened a first assessment to write",
    "first_assessment.recorded": "recorded a first assessment",
    "first_assessment.viewed": "opened a first assessment",
    "hand_off.confirmed": "recorded that a handed-over patient was seen",
    "hand_off.recorded": "recorded a hand-off",
    "follow_up.changed": "changed a follow-up",
    "follow_up.closed": "closed a follow-up",
    "follow_up.opened": "opened the next contact",
    "follow_up.planned": "planned a follow-up",
    "held_months.viewed": "opened the months that are held back",
    "import.confirmed": "imported a caseload",
    "import.corrected": "corrected an import",
    "import.discarded": "discarded an import that nobody confirmed",
    "import.undone": "undid an import",
    "import.uploaded": "uploaded a caseload",
    "import.viewed": "looked through an import",
    "import_mapping.deleted": "deleted a way of reading files",
    "import_mapping.renamed": "renamed a way of reading files",
    "import_mapping.saved": "saved a way of reading files",
    "initiatingvisit.voided": "voided an initiating visit",
    "look_back.corrected": "changed how a file of what was billed is read",
    "look_back.discarded": "discarded a look-back",
    "look_back.exported": "downloaded a look-back",
    "look_back.printed": "opened a look-back for paper",
    "look_back.taken": "compared what was billed with the records",
    "look_back.uploaded": "uploaded what was billed",
    "look_back.viewed": "opened a look-back",
    "month.close_viewed": "looked at a month's close",
    "month.closed": "closed a month",
    "month.closes_viewed": "looked at what is closed of a month",
    "month.corrected": "corrected a closed month",
    "month.exception_noted": "noted an exception of a month",
    "month.late_viewed": "looked at what came after a close",
    "month.patient_viewed": "opened a patient's month",
    "month.reopened": "opened a closed month again",
    "month.reopening_asked": "asked to open a closed month again",
    "month.viewed": "opened a month",
    "not_improving.exported": "downloaded who is not improving",
    "not_improving.viewed": "opened who is not improving",
    "notes_to_sign.viewed": "opened the notes to sign beside",
    "note_template.saved": "saved a note template",
    "other_service.recorded": "recorded another service",
    "other_service.voided": "took back another service",
    "other_services.viewed": "opened the other services",
    "patient.added": "added the patient",
    "patient.alike_viewed": "looked for alike records",
    "patient.changed": "changed the person",
    "patient.details_viewed": "opened the person",
    "patient.edit_opened": "opened a form about the person",
    "patient.merge_viewed": "compared two alike records",
    "patient.merged": "merged two records",
    "patient.told_apart": "told two alike records apart",
    "patient.unmerged": "took a merge apart",
    "patients.found": "searched for a patient",
    "payer_profile.defaulted": "took a payer's rules from its name",
    "payer.added": "added a payer",
    "payer_profile.set": "set a payer's rules",
    "payer_profile.tried": "looked at what a payer's rules would change",
    "payer_profile.withdrawn": "took a payer's rules back",
    "practice_file.corrected": "corrected how a practice's file is read",
    "practice_file.discarded": "discarded a practice's file that nobody confirmed",
    "practice_file.released": "found that a practice's file has to be looked at again",
    "practice_file.taken": "took over a practice's file of charges and appointments",
    "practice_file.undone": "undid a practice's file",
    "practice_file.uploaded": "chose a practice's file",
    "practice_file.viewed": "looked through a practice's file",
    "prior_service.recorded": "recorded an earlier service",
    "prior_service.voided": "took back an earlier service",
    "protocol.set": "set how a clinic works",
    "protocol.viewed": "looked at how a clinic works",
    "question.asked": "asked the consultant",
    "question.opened": "opened a question for the consultant",
    "question.taken_back": "took back a question for the consultant",
    "questionnaires.shown": "opened a questionnaire's code",
    "questionnaires.viewed": "opened the questionnaires",
    "record_number.added": "added a record number",
    "record_number.voided": "removed a record number",
    "release.modes_set": "set what holds a month back",
    "referral.assigned": "gave a referral to somebody",
    "referral.attempt_voided": "took back an attempt to reach",
    "referral.attempted": "logged an attempt to reach",
    "referral.eligibility_set": "decided on eligibility",
    "referral.ended": "ended a referral",
    "referral.made": "referred the patient",
    "referral.opened": "opened a new referral",
    "referral.reopened": "opened a referral again",
    "referral.viewed": "looked at a referral",
    "referral.waiting": "put the patient on the waiting list",
    "referral.waiting_ended": "took the patient off the waiting list",
    "referrals.exported": "downloaded the referrals",
    "referrals.viewed": "opened the referrals",
    "related_person.added": "added a related person",
    "related_person.changed": "changed a related person",
    "related_person.voided": "removed a related person",
    "relapse_plan.compared": "compared versions of a relapse plan",
    "relapse_plan.opened": "opened a relapse plan to write",
    "relapse_plan.printed": "opened a relapse plan for the patient",
    "relapse_plan.recorded": "recorded a relapse plan",
    "relapse_plan.viewed": "opened a relapse plan",
    "review.added_to": "added to a case review",
    "review.recorded": "recorded a case review",
    "review.signed": "signed a case review",
    "review.viewed": "opened a case review",
    "review.voided": "took a case review back",
    "review_protocol.set": "set when a clinic’s signals begin and its advice is due",
    "review_queue.opened": "opened a patient in the review queue",
    "review_queue.viewed": "opened the review queue",
    "review_session.begun": "began a review session",
    "review_session.cancelled": "cancelled a review session",
    "review_session.drawn": "drew up an agenda",
    "review_session.end_opened": "opened the end of a review session",
    "review_session.ended": "ended a review session",
    "review_session.opened": "opened a patient in a review session",
    "review_session.paused": "paused a review session",
    "review_session.planned": "planned a review session",
    "review_session.seated": "said who is in a review session",
    "review_session.tasks_viewed": "opened what to do after a review session",
    "review_session.viewed": "opened a review session",
    "review_slot.ended": "ended a review slot",
    "review_slot.set": "set a review slot",
    "risk_case.added": "recorded a step of a risk case",
    "risk_case.assessed": "assessed a risk",
    "risk_case.closed": "closed a risk case",
    "risk_case.folded": "put two risk cases together",
    "risk_case.lowered": "answered a request to lower a risk",
    "risk_case.opened": "opened a risk case",
    "risk_case.raised": "raised a risk case again",
    "risk_case.viewed": "opened a risk case’s page",
    "risk_cases.viewed": "opened the risk cases",
    "risk_drill.begun": "began a drill of the risk protocol",
    "risk_drill.ended": "ended a drill of the risk protocol",
    "risk_protocol.set": "set a clinic’s risk protocol",
    "safety_notice.acknowledged": "took on a safety notice",
    "safety_notice.closed": "closed a safety notice",
    "safety_notice.raised": "raised a safety notice",
    "safety_notice.viewed": "opened a safety notice",
    "safety_notices.viewed": "opened the safety list",
    "safety_plan.compared": "compared versions of a safety plan",
    "safety_plan.opened": "opened a safety plan to write",
    "safety_plan.printed": "opened a safety plan for the patient",
    "safety_plan.recorded": "recorded a safety plan",
    "safety_plan.viewed": "opened a safety plan",
    "self_report.finished": "sent a patient's own answers",
    "self_report.locked": "closed a questionnaire after wrong birth dates",
    "self_report.opened": "opened a questionnaire for the patient",
    "self_report.sent": "made a questionnaire's link",
    "self_report.withdrawn": "withdrew a questionnaire's link",
    "signal.opened": "opened a signal to put it off",
    "stay.ended": "recorded the end of a stay",
    "stay.recorded": "recorded a stay",
    "stay.voided": "removed a stay",
    "summary.downloaded": "downloaded a case summary",
    "summary.printed": "made a case summary for paper",
    "summary.viewed": "opened a case summary",
    "supervision.set": "set who supervises whom",
    "time.entry_viewed": "opened an entry of time",
    "time.group_opened": "opened a group call's minutes",
    "task.snooze_ended": "put a task on the list again",
    "task.snooze_opened": "opened a task to put it off",
    "task.snoozed": "put a task off",
    "time.held_viewed": "opened the held times",
    "time.list_viewed": "opened a patient's time",
    "time.opened": "opened a new entry of time",
    "time.recorded": "logged minutes",
    "time.replaced": "corrected minutes",
    "time.settle_opened": "opened a held time",
    "time.voided": "voided minutes",
    "today.viewed": "opened the worklist",
    "timer.let_go": "let a timer go",
    "timer.marked": "marked a timer",
    "timer.started": "started a timer",
    "timer.stopped": "stopped a timer",
    "timer.viewed": "opened a timer",
    "timers.viewed": "opened their timers",
    "tools.set": "set the tools of a clinic",
    "tools.viewed": "looked at the tools of a clinic",
    "treatment_change.recorded": "recorded a change of treatment",
    "treatment_change.voided": "took back a change of treatment",
    "visit.opened": "opened initiating visits",
    "visit.recorded": "recorded an initiating visit",
    "welcome.viewed": "opened the welcome sheet",
    "work_protocol.set": "set how a clinic reaches out and how its timers ask",
    "clinician_request.answered": "recorded a clinician's answer",
    "clinician_request.closed": "closed a question to the clinician",
    "clinician_request.made": "asked the treating clinician something",
    "clinician_request.voided": "took back a question to the clinician",
    "coordination.viewed": "opened the care coordination",
    "external_referral.followed": "followed up a referral to other care",
    "external_referral.sent": "referred the patient to other care",
    "external_referral.voided": "took back a referral to other care",
    "cover.ended": "ended days on which somebody stands in",
    "cover.set": "said who stands in for whom",
    "hand_over.made": "handed a patient over to a colleague",
    "hand_over.opened": "opened the patients to hand over",
    "hand_over.read": "read what was said at a hand-over",
    "letter.opened": "opened a letter to write",
    "letter.viewed": "opened a letter",
    "letter.written": "wrote a letter",
    "letter_template.set": "set what a letter says",
}


@dataclass(frozen=True)
class AuditRow:
    """One act: who, what, about which patient, which fields it touched."""

    id: UUID
    at: datetime
    person: str
    person_id: UUID
    words: str
    patient_id: UUID | None
    fields: tuple[str, ...]
    count: int | None


@dataclass(frozen=True)
class AuditPage:
    """Fifty events or fewer, the id that the next page begins after, and whom it may be narrowed to."""

    rows: tuple[AuditRow, ...]
    older_than: UUID | None
    people: tuple[tuple[UUID, str], ...]


NOTHING = AuditPage((), None, ())


def audit_page(
    *,
    organization_id: UUID,
    patient_id: UUID | None = None,
    person_id: UUID | None = None,
    before: UUID | None = None,
) -> AuditPage:
    """Fifty events, newest first, of one patient or one person or all; `before` continues after that event.

    Ids sort by time, so the next page is found by id however many came in meanwhile.
    """
    events = AuditEvent.objects.filter(organization_id=organization_id)
    if patient_id:
        events = events.filter(patient_id=patient_id)
    if person_id:
        events = events.filter(by_id=person_id)
    if before:
        events = events.filter(id__lt=before)
    found = list(events.order_by("-id")[: PAGE + 1])
    people = people_of(organization_id)
    rows = tuple(
        AuditRow(
            id=event.id,
            at=event.at,
            person=str(people[event.by_id]),
            person_id=event.by_id,
            words=WORDS.get(event.action, event.action),
            patient_id=event.patient_id,
            fields=tuple(event.fields),
            count=event.count,
        )
        for event in found[:PAGE]
    )
    names = sorted(((seat.id, str(seat)) for seat in people.values()), key=lambda pair: pair[1])
    return AuditPage(rows, rows[-1].id if len(found) > PAGE else None, tuple(names))


def acts_of(seat: Membership, *, since: datetime) -> list[datetime]:
    """When a seat did anything that is on record since an instant, in order."""
    # Ids sort by time, and the index of a person's events is in their order; clocks of servers differ a little.
    first = UUID(int=(int(since.timestamp() * 1000) - CLOCK_SLACK_MS << 80) & (1 << 128) - 1)
    found = AuditEvent.objects.filter(organization_id=seat.organization_id, by=seat, id__gte=first, at__gte=since)
    return list(found.order_by("id").values_list("at", flat=True))
