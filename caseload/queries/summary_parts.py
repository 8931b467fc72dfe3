"""The parts of a case summary, from the first assessment, the care plan, and what was found since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from caseload.models import Activity, Mode
from caseload.queries.patient_record import PatientRecord, Row, day
from caseload.rules.notes import PARTS
from caseload.rules.summary_words import LONGEST_STORY, SummaryFact, SummarySection, cut, fact, joined
from registry.models import RiskTier
from registry.rules.care_plans import ADHERENCE, Medication, Plan
from registry.rules.diagnoses import icd10
from registry.rules.initial_assessment import MIMICS, PREGNANCY, RESULTS, SCREENS, FirstAssessment, PastTreatment
from registry.rules.instruments import INSTRUMENTS, instrument
from registry.rules.instruments.words import result_words

# Numbers of the PHQ-9's items about sleep and about concentration.
_SLEEP, _CONCENTRATION = 3, 7
_MIMICS = (
    ("thyroid", "thyroid disease"),
    ("anemia", "anemia"),
    ("sleep_apnea", "sleep apnea"),
    ("medication_effects", "effects of medication"),
    ("substance_effects", "effects of substances"),
)
_OBSTACLES = ("work_hours", "telephone", "transport", "cost", "child_care", "reading")
CONTACTS_SHOWN = 4


def day_words(on: date | None) -> str:
    """`Mar 2, 2026`; nothing for no day."""
    return f"{on:%b} {on.day}, {on.year}" if on else ""


def safety_section(record: PatientRecord, first: FirstAssessment) -> SummarySection:
    """What is known of danger: the last answers, the open concern, the plan, and what happened before."""
    return SummarySection(
        "safety",
        "Safety",
        (
            _item_9(record.of("assessment")),
            _screener(record.of("assessment")),
            _risk(record.of("risk")),
            _safety_plan(record.of("safety_plan")),
            fact("Suicide and self-harm", first.suicide_history, most=LONGEST_STORY),
            fact("Violence", first.violence_history),
        ),
    )


def screens_section(record: PatientRecord, first: FirstAssessment, sex: str) -> SummarySection:
    """Diagnoses so far, and what else was asked about."""
    scores = record.of("assessment")
    return SummarySection(
        "screens",
        "Diagnoses and screens",
        (
            fact("Diagnoses", *map(_diagnosis, record.of("diagnosis"))),
            fact("Psychiatric history", first.psychiatric_history),
            fact("Family", first.family_history),
            fact("Bipolar disorder", _screened(first.bipolar_screen, first.bipolar_notes, _last(scores, "mdq", sex))),
            fact("Anxiety", _last(scores, "gad7", sex)),
            fact("Psychosis", _screened(first.psychosis_screen, first.psychosis_notes)),
            fact("Trauma", joined((first.trauma, _last(scores, "pcl5", sex) or _last(scores, "pcptsd5", sex)), "; ")),
            fact("Alcohol", joined((first.alcohol, _last(scores, "auditc", sex)), "; ")),
            fact("Drugs, tobacco", first.drugs),
            fact("Sleep", joined((first.sleep, _last(scores, "isi", sex), _answer(scores, _SLEEP)), "; ")),
            fact("Memory, concentration", joined((first.cognition, _answer(scores, _CONCENTRATION)), "; ")),
        ),
    )


def treatment_section(record: PatientRecord, first: FirstAssessment, plan: Plan) -> SummarySection:
    """What is taken and practised now, and what was tried before; a plan against relapse only where there is one."""
    relapse = [f"Version {row['number']}, {_on(row)}" for row in record.of("relapse_plan")]
    stopped = [one for one in plan.medications if one.stopped_on is not None]
    return SummarySection(
        "treatment",
        "Treatment",
        (
            fact("Taken now", *map(medication_words, plan.taken_now)),
            fact("Practised", joined((joined((kind, how), ": ") for kind, how in plan.practised), "; ")),
            fact("Tried before", *map(_tried, first.past_treatments), *map(medication_words, stopped)),
            fact("Allergies", first.allergies),
            *([fact("Relapse plan", *relapse)] if relapse else []),
        ),
    )


def life_section(first: FirstAssessment) -> SummarySection:
    """The body, and the life around it."""
    mimics = ((name, dict(MIMICS).get(getattr(first, key), "")) for key, name in _MIMICS)
    pregnancy = dict(PREGNANCY).get(first.pregnancy, "")
    return SummarySection(
        "life",
        "Health and life",
        (
            fact("Medical problems", first.medical_problems),
            fact("Could look like this", joined(f"{name}: {word.lower()}" for name, word in mimics if word)),
            fact(
                "Labs, ECG",
                joined((joined((lab.test, lab.result, day_words(lab.on))) for lab in first.labs), "; "),
                most=LONGEST_STORY,
            ),
            fact("Pregnancy, breastfeeding", joined((pregnancy, first.pregnancy_notes))),
            fact("Day to day", first.function),
            fact("Supports and strains", first.supports),
            fact("In the way", joined(getattr(first, key) for key in _OBSTACLES)),
        ),
    )


def medication_words(one: Medication) -> str:
    """`Sertraline 50 mg, since Jan 12, 2026; taken: some doses missed; side effects: nausea`."""
    adherence = dict(ADHERENCE).get(one.adherence, "")
    days = joined(
        (
            f"since {day_words(one.started_on)}" if one.started_on else "",
            f"stopped {day_words(one.stopped_on)}" if one.stopped_on else "",
        )
    )
    # A missing answer about taking it is said; one about side effects may be that there were none to tell.
    return joined(
        (
            joined((joined((one.name, one.dose), " "), days)),
            "" if one.stopped_on else f"taken: {adherence.lower() or 'not recorded'}",
            f"side effects: {one.side_effects}" if one.side_effects else "",
        ),
        "; ",
    )


def done_since(contacts: Sequence[Row]) -> tuple[str, ...]:
    """The last contacts since the review in a line each, and how many there were before them."""
    worked = [row for row in contacts if row["activity"] == Activity.TREATMENT]
    tried = len(contacts) - len(worked)
    lines = [_contact_words(row) for row in worked[:CONTACTS_SHOWN]]
    earlier = len(worked) - CONTACTS_SHOWN
    more = joined((
        f"{earlier} earlier session{'s' * (earlier > 1)}" if earlier > 0 else "",
        f"{tried} attempts, messages and other work" if tried > 1 else "one attempt, message or other work" * tried,
    ))  # fmt: skip
    return (*lines, *([f"And {more}."] if more else []))


def _contact_words(row: Row) -> str:
    mode = "" if row["mode"] == Mode.NONE else f", {Mode(row['mode']).label.lower()}"
    parts = [f"{label}: {row['parts'][key]}" for key, label in PARTS if row["parts"].get(key)]
    return cut(f"{day_words(day(row['on']))}{mode}. {'; '.join(parts) or row['note'] or 'No text.'}", 220)


def _item_9(scores: Sequence[Row]) -> SummaryFact:
    answered = [row for row in scores if row["item9"] is not None and row["instrument"] in INSTRUMENTS]
    if not answered:
        return SummaryFact("Item 9", ())
    last = answered[-1]
    return fact("Item 9", f"{last['item9']} on {day_words(day(last['on']))} ({instrument(last['instrument']).name})")


def _screener(scores: Sequence[Row]) -> SummaryFact:
    tiered = [row for row in scores if row["tier"] and row["instrument"].startswith("cssrs")]
    if not tiered:
        return SummaryFact("C-SSRS", ())
    last = tiered[-1]
    scale = instrument(last["instrument"])
    return fact("C-SSRS", f"{result_words(scale, total=None, tier=scale.tier(last['tier']))}, {_on(last)}")


def _risk(cases: Sequence[Row]) -> SummaryFact:
    if not cases:
        return fact("Risk", "No concern was opened")
    case = cases[0]
    tier = RiskTier(case["tier"]).label.lower() if case["tier"] else "not assessed yet"
    assessed = joined((tier, f"assessed {day_words(day(case['assessed_on']))}" if case["assessed_on"] else ""))
    if case["closed_on"]:
        return fact("Risk", f"None open; the last was closed {day_words(day(case['closed_on']))} ({assessed})")
    recheck = f", recheck {day_words(day(case['recheck_on']))}" if case["recheck_on"] else ""
    return fact("Risk", f"Open since {day_words(day(case['opened_on']))}: {assessed}{recheck}")


def _safety_plan(rows: Sequence[Row]) -> SummaryFact:
    return fact("Safety plan", *(f"Version {row['number']}, {_on(row)}" for row in rows))


def _diagnosis(row: Row) -> str:
    found = icd10().find(row["code"])
    title = f"{row['code']} {found.title}" if found is not None else row["code"]
    return title if row["confirmed_on"] else f"{title} (not confirmed by the clinician)"


def _screened(screen: str, notes: str, score: str = "") -> str:
    return joined((dict(SCREENS).get(screen, ""), notes, score), "; ")


def _tried(one: PastTreatment) -> str:
    weeks = f"{one.weeks} weeks" if one.weeks.strip().isdigit() else one.weeks
    dose = f"to {one.highest_dose}" if one.highest_dose else ""
    said = joined((joined((one.treatment, dose), " "), weeks, dict(RESULTS).get(one.result, "").lower()))
    return joined((said, f"stopped: {one.why_stopped}" if one.why_stopped else ""), "; ")


def _last(scores: Sequence[Row], key: str, sex: str) -> str:
    """`GAD-7 12, moderate, Mar 2, 2026`: the last of a tool; nothing where it was never given."""
    rows = [row for row in scores if row["instrument"] == key and row["total"] is not None]
    if not rows:
        return ""
    scale, last = instrument(key), rows[-1]
    return f"{scale.name} {result_words(scale, total=last['total'], sex=sex)}, {_on(last)}"


def _answer(scores: Sequence[Row], number: int) -> str:
    """What the last PHQ-9 with answers says to one of its items."""
    answered = [row for row in scores if row["instrument"] == "phq9" and row["items"]]
    if not answered or answered[-1]["items"][number - 1] is None:
        return ""
    return f"PHQ-9 item {number}: {answered[-1]['items'][number - 1]} of 3"


def _on(row: Mapping[str, str]) -> str:
    return day_words(day(row["on"]))
