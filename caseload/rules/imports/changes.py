"""What a row adds to a patient: everything to a new one, what is missing or newer to one on record."""

from dataclasses import replace
from datetime import date

from caseload.rules.imports.candidates import Enrolment, Insurance, PatientCandidate, Person
from caseload.rules.imports.columns import compact
from caseload.rules.imports.known import KnownEpisode, KnownPatient
from caseload.rules.imports.plans import PatientWrites
from registry.rules.identifiers import bare_mrn

_UPDATED = {
    "middle": "middle name",
    "sex": "sex",
    "phone": "phone",
    "email": "e-mail",
    "address": "address",
    "city": "city",
    "state": "state",
    "postal_code": "ZIP",
    "language": "language",
}
_SETTLED = {"family": "last name", "given": "first name", "birth_on": "birth date"}
_STATES = {"active": "active", "on_hold": "on hold", "relapse_prevention": "in relapse prevention"}


def everything(candidate: PatientCandidate) -> PatientWrites:
    """What is written for a patient who is not on record."""
    enrolment = candidate.enrolment
    if enrolment is None:
        return PatientWrites(insurance=candidate.insurance)
    return PatientWrites(
        insurance=candidate.insurance,
        episode=enrolment,
        consent_on=enrolment.consent_on,
        consent_form=enrolment.consent_form,
        diagnoses=enrolment.diagnoses,
        review_on=enrolment.review_on,
        visit_on=enrolment.visit_on,
        care_plan_on=enrolment.care_plan_on,
        is_care_plan_assumed=enrolment.is_care_plan_assumed,
    )


def changes(candidate: PatientCandidate, known: KnownPatient) -> tuple[PatientWrites, list[str]]:
    """What the row adds or updates, and in words what that is.

    Names and birth date on record are never changed by an import; a difference is said. A day or code that is on
    record already is not written again. Blank cells change nothing.
    """
    person, said = _person_changes(candidate.person, known.person)
    insurance = _new_insurance(candidate.insurance, known.insurance)
    if insurance:
        said.append(f"Changed: insurance, now {insurance.payer} {insurance.member_id}".rstrip() + ".")
    writes = PatientWrites(person=person, insurance=insurance, number=_new_number(candidate.person.mrn, known, said))
    if candidate.enrolment is None:
        return writes, said
    return _with_enrolment(writes, candidate.enrolment, known, said), said


def _new_number(mrn: str, known: KnownPatient, said: list[str]) -> str:
    """The row's record number where the patient is on record under another, but for lost zeros: by it the next file
    finds the patient."""
    if bare_mrn(mrn) in {bare_mrn(number) for _, number in known.all_numbers}:
        return ""
    said.append(f"Added: record number {mrn}.")
    return mrn


def _person_changes(person: Person, on_record: Person) -> tuple[dict[str, str], list[str]]:
    fields = {
        key: getattr(person, key)
        for key in _UPDATED
        if getattr(person, key) not in ("", "U") and not _same(getattr(person, key), getattr(on_record, key))
    }
    said = [f"Changed: {', '.join(_UPDATED[key] for key in fields)}."] if fields else []
    said += [
        f"The {name} differs from the record and is not changed: correct it on the chart."
        for key, name in _SETTLED.items()
        if not _same(str(getattr(person, key)), str(getattr(on_record, key)))
    ]
    return fields, said


def _same(one: str, other: str) -> bool:
    return one.strip() == other.strip() or compact(one) == compact(other) != ""


def _new_insurance(written: Insurance | None, on_record: Insurance | None) -> Insurance | None:
    if written is None:
        return None
    if on_record and _same(written.payer, on_record.payer) and _same(written.member_id, on_record.member_id):
        return None
    return written


def _with_enrolment(writes: PatientWrites, row: Enrolment, known: KnownPatient, said: list[str]) -> PatientWrites:
    episode = next((each for each in known.episodes if each.enrolled_on == row.enrolled_on), None)
    if episode is None:
        refusal = _why_not_enrolled(row, known)
        if refusal:
            said.append(refusal)
            return writes
        said.append(f"New enrolment on {_day(row.enrolled_on)}.")
        return _facts(replace(writes, episode=row), row, known, None, said)
    changed = _state_change(replace(writes, episode_key=episode.key), row, episode, said)
    return _facts(changed, row, known, episode, said)


def _why_not_enrolled(row: Enrolment, known: KnownPatient) -> str:
    is_open = next((episode for episode in known.episodes if episode.ended_on is None), None)
    if is_open:
        return (
            f"Enrolled since {_day(is_open.enrolled_on)} on record; the row says {_day(row.enrolled_on)}. "
            "The enrolment is not changed: correct it on the chart."
        )
    last = max((episode.ended_on for episode in known.episodes if episode.ended_on), default=None)
    if last and row.enrolled_on <= last:
        return f"On record until {_day(last)}: the enrolment on {_day(row.enrolled_on)} is not added."
    return ""


def _facts(
    writes: PatientWrites, row: Enrolment, known: KnownPatient, episode: KnownEpisode | None, said: list[str]
) -> PatientWrites:
    """The dated facts that are not on record yet."""
    consent_on = _unless_known(row.consent_on, known.consents)
    added = {
        "consent": consent_on,
        "PCP visit": _unless_known(row.visit_on, known.visits),
        "case review": _unless_known(row.review_on, episode.reviews if episode else frozenset()),
        "care plan": _unless_known(row.care_plan_on, episode.care_plans if episode else frozenset()),
    }
    said += [f"Added: {name} on {_day(day)}." for name, day in added.items() if day]
    diagnoses = tuple(code for code in row.diagnoses if episode is None or code not in episode.diagnoses)
    if diagnoses:
        said.append(f"Added: diagnosis {', '.join(diagnoses)}.")
    return replace(
        writes,
        consent_on=consent_on,
        consent_form=row.consent_form if consent_on else "",
        visit_on=added["PCP visit"],
        review_on=added["case review"],
        care_plan_on=added["care plan"],
        is_care_plan_assumed=bool(added["care plan"]) and row.is_care_plan_assumed,
        diagnoses=diagnoses,
    )


def _unless_known(day: date | None, known: frozenset[date]) -> date | None:
    return None if day in known else day


def _state_change(writes: PatientWrites, row: Enrolment, episode: KnownEpisode, said: list[str]) -> PatientWrites:
    if row.state == episode.state:
        return writes
    if episode.ended_on:
        said.append(f"Discharged on {_day(episode.ended_on)} on record: not reopened.")
        return writes
    if row.state == "discharged":
        said.append("Changed: discharged.")
        return replace(writes, state="discharged", ended_on=row.ended_on, end_reason=row.end_reason)
    said.append(f"Changed: {_STATES[row.state]}.")
    return replace(writes, state=row.state, relapse_prevention_on=row.relapse_prevention_on)


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"
