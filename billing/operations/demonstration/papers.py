"""What the demonstration's clinics have agreed and what lies in its charts: protocols, rota, texts, plans, people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.operations.demonstration.people import ZONE, Staff
from billing.operations.demonstration.wording import tell_note_templates
from registry.models import ClosingNote, Episode, OutsideHours
from registry.operations.care_plans import record_plan_version, sign_plan
from registry.operations.consents import write_consent_text
from registry.operations.duty import add_turns
from registry.operations.initial_assessments import record_first_assessment
from registry.operations.persons import add_related_person
from registry.operations.protocols import set_protocol
from registry.operations.recording import Stamp, record_facts, stamped
from registry.operations.relapse_plans import record_relapse_plan
from registry.operations.safety_plans import record_safety_plan
from registry.rules.care_plans import Intervention, Medication, Plan, Problem, Task
from registry.rules.consent import STARTER_TEXTS
from registry.rules.initial_assessment import FirstAssessment, LabResult, PastTreatment
from registry.rules.relapse_plans import CHECK, THEN, ComeBack, KeptMedication, RelapsePrevention, next_check_on
from registry.rules.safety_plans import Safety, Somebody

WORKDAYS = (0, 1, 2, 3, 4)
# How many of the open episodes have their papers; the others show what is missing.
WITH_PAPERS = 16


def tell_clinics(staff: Staff, *, at: datetime) -> None:
    """Hours, limits, what patients are told, who is on duty, and the text that consent is asked with."""
    by = staff.care_managers[0]
    for clinic in staff.clinics:
        set_protocol(
            by=by,
            at=at,
            clinic=clinic,
            open_weekdays=list(WORKDAYS),
            opens_at=time(8),
            closes_at=time(17),
            panel_limit=40,
            read_within="the next working day",
            read_within_es="el siguiente día hábil",
            outside_hours=OutsideHours.NOTIFY,
            crisis_text="Call or text 988 at any time. In danger now, call 911.",
            crisis_text_es="Llame o escriba al 988 a cualquier hora. En peligro inmediato, llame al 911.",
        )
        people = [staff.care_managers[0].id, staff.clinician.id]
        add_turns(
            by=by, at=at, clinic_id=clinic.id, weekdays=WORKDAYS, begins_at=time(8), ends_at=time(17), people=people
        )
        nights = [staff.care_managers[0].id, staff.lead.id]
        for weekdays, begins_at in ((WORKDAYS, time(17)), ((5, 6), time(8))):
            add_turns(
                by=by,
                at=at,
                clinic_id=clinic.id,
                weekdays=weekdays,
                begins_at=begins_at,
                ends_at=time(8),
                people=nights,
            )
    for language, text in STARTER_TEXTS.items():
        write_consent_text(by=by, at=at, language=language, text=text, based_on=0)
    tell_note_templates(staff, at=at)


def tell_papers(staff: Staff, episodes: Sequence[Episode], *, at: datetime) -> None:
    """First assessments, care plans, safety plans and closing notes, of some patients."""
    today = at.astimezone(ZoneInfo(ZONE)).date()
    under_way = [episode for episode in episodes if episode.ended_on is None]
    for number, episode in enumerate(under_way[:WITH_PAPERS]):
        _documents(staff, episode, number, today=today, at=at)
    for episode in under_way:
        if episode.relapse_prevention_from is not None:
            _relapse_plan(staff, episode, at=at)
    record_facts(_closing_notes(staff, [episode for episode in episodes if episode.ended_on], at=at))


def tell_safety_plans(staff: Staff, episodes: Sequence[Episode], *, at: datetime) -> None:
    """For those whose last answer asks for one."""
    today = at.astimezone(ZoneInfo(ZONE)).date()
    for episode in episodes:
        by = episode.care_manager or staff.care_managers[0]
        record_safety_plan(
            by=by, at=at, patient=episode.patient, based_on=0, on=today - timedelta(days=3), content=SAFETY, today=today
        )


def _documents(staff: Staff, episode: Episode, number: int, *, today: date, at: datetime) -> None:
    by = episode.care_manager or staff.care_managers[0]
    on = episode.enrolled_on
    record_first_assessment(by=by, at=at, episode=episode, based_on=0, on=on, content=FIRST, today=today)
    first = record_plan_version(by=by, at=at, episode=episode, based_on=0, on=on, content=_plan(on, 50), today=today)
    plan = first.row
    if number % 3 == 0 and today - on > timedelta(days=35):
        revised_on = on + timedelta(days=35)
        revised = _plan(on, 100, "Dose raised after the case review.")
        plan = record_plan_version(
            by=by, at=at, episode=episode, based_on=1, on=revised_on, content=revised, today=today
        ).row
    if number % 4 != 3:
        sign_plan(
            by=by, at=at, episode=episode, plan_id=plan.id, on=min(plan.on + timedelta(days=2), today), how="verbally"
        )
    add_related_person(
        by=by,
        at=at,
        patient=episode.patient,
        name=("Dana", "Robin", "Alex")[number % 3] + " " + episode.patient.family_name,
        relation=("Spouse", "Daughter", "Brother")[number % 3],
        phone=f"555-03{number:02d}",
        is_emergency_contact=True,
        may_speak_about="Appointments" if number % 2 else "Appointments and medication",
    )


def _relapse_plan(staff: Staff, episode: Episode, *, at: datetime) -> None:
    """Written on the day on which the contacts became rarer."""
    assert episode.relapse_prevention_from is not None
    on = episode.relapse_prevention_from
    record_relapse_plan(
        by=episode.care_manager or staff.care_managers[0],
        at=at,
        episode=episode,
        based_on=0,
        on=on,
        content=replace(STAYING_WELL, next_on=next_check_on(on)),
        today=at.astimezone(ZoneInfo(ZONE)).date(),
    )


def _plan(started_on: date, dose: int, text: str = "") -> Plan:
    return Plan(
        goals="Sleep through the night\nSee the grandchildren on Sundays",
        problems=(Problem("Depression", "PHQ-9 below 5"), Problem("Early waking", "Six hours on five nights")),
        medications=(Medication("Sertraline", f"{dose} mg in the morning", started_on, "some_missed", "Dry mouth"),),
        interventions=(Intervention("behavioral_activation", "Two walks a week"), Intervention("sleep", "Up at seven")),
        tasks=(
            Task("Patient", "Keeps the walking calendar", "Each week"),
            Task("Care manager", "Calls", "Every two weeks"),
        ),
        cadence="Every two weeks by phone",
        safety_steps="Calls 988 or the clinic when thoughts of death return.",
        text=text,
    )


def _closing_notes(staff: Staff, ended: Sequence[Episode], *, at: datetime) -> list[ClosingNote]:
    return [
        stamped(
            ClosingNote,
            Stamp(episode.care_manager or staff.care_managers[0], at),
            episode=episode,
            on=episode.ended_on,
            summary=SUMMARIES.get(episode.end_reason, "Care ended."),
            way_back="A call to the clinic is enough: no new referral is needed within a year.",
        )
        for episode in ended
    ]


SUMMARIES = {
    "graduated": "Remission held for three months; a plan against relapse is in the chart.",
    "lost_to_follow_up": "Three calls and a letter without an answer; the treating clinician was told.",
    "transferred": "Two adequate trials without response; seen at the county mood clinic.",
}

FIRST = FirstAssessment(
    why_referred="Low mood and poor sleep for months, noted at a routine visit.",
    patient_wants="To sleep, and to be patient with the family again.",
    psychiatric_history="One earlier episode ten years ago; no hospital stay.",
    past_treatments=(
        PastTreatment("Fluoxetine", "20 mg", "6", "some", "Felt flat"),
        PastTreatment("Counseling", "", "10", "helped", "Moved away"),
    ),
    suicide_history="None. Passive thoughts in the first episode.",
    violence_history="None.",
    bipolar_screen="negative",
    psychosis_screen="negative",
    alcohol="Two drinks a week.",
    medical_problems="Hypertension.",
    thyroid="ruled_out",
    anemia="ruled_out",
    sleep_apnea="considered",
    allergies="None known",
    pregnancy="does_not_apply",
    labs=(LabResult("TSH", None, "2.1 mIU/L"), LabResult("ECG", None, "Normal, QTc 420 ms")),
    function="Works, but behind; has stopped meeting friends.",
    supports="Spouse; a neighbor.",
    work_hours="Until four",
    transport="No car on weekdays",
)

SAFETY = Safety(
    warning_signs="Lying awake after three\nThinking that everybody would be better off",
    own_steps="Walk around the block\nThe breathing exercise",
    company=(Somebody("The library on Main Street"), Somebody("Choir on Wednesdays")),
    helpers=(Somebody("Dana, at home", "555-0300"), Somebody("Robin, daughter", "555-0301")),
    services=(Somebody("Nora Ellison, care manager", "555-0110"),),
    surroundings="The tablets are with Dana, one week at a time. No firearms in the house.",
    matters="The grandchildren.",
)

STAYING_WELL = RelapsePrevention(
    warning_signs="Waking at four\nPutting off phone calls\nSundays in bed",
    what_helps="Two walks a week, one with somebody\nUp at seven, also on weekends\nWriting down what went well",
    medications=(KeptMedication("Sertraline", "100 mg in the morning", "At least six months more, then ask us"),),
    contacts=(Somebody("Nora Ellison, care manager", "555-0110"), Somebody("Dana, at home", "555-0300")),
    come_back=(ComeBack("PHQ-9", "8"),),
    steps=THEN,
    next_purpose=CHECK,
)
