"""What a story may be written with and no clinic could have recorded: found before anything is worked out from it.

`manage.py story` is refused the same by the operations that record a story, at the same places; a page that saves
stories must not save one that is then refused.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.rules.documents import DocumentInvalid
from billing.rules.story_parts import Story, Work
from caseload.rules.clock import local_date, short_day
from caseload.rules.worktime import LONGEST, Booked, WorkTime, day_is_full
from registry.rules.identifiers import normal_icd10

NOBODY = UUID(int=0)


def check_recordable(story: Story) -> None:
    """Raises DocumentInvalid with the first place in the story that could not be recorded, and why."""
    fault = next(_faults(story), None)
    if fault is not None:
        raise DocumentInvalid(*fault)


def _faults(story: Story) -> Iterator[tuple[str, str]]:
    if story.referred_on is not None and story.enrolled_on < story.referred_on:
        yield "$.enrolled_on", "The date of enrolment is before that of referral. Correct one of them."
    yield from _consent_faults(story)
    yield from _diagnosis_faults(story)
    yield from _work_faults(story)
    if story.ended is not None and story.ended.on < story.enrolled_on:
        yield "$.ended", "This date is before the enrolment. Correct one of them."


def _consent_faults(story: Story) -> Iterator[tuple[str, str]]:
    zone = ZoneInfo(story.clinic.time_zone)
    for place, one in enumerate(story.consents):
        if one.revoked_on is not None and one.revoked_on < local_date(one.given_at, zone):
            yield f"$.consents[{place}]", "Consent cannot be taken back before it was given. Correct the date."


def _diagnosis_faults(story: Story) -> Iterator[tuple[str, str]]:
    known: set[str] = set()
    for place, code in enumerate(story.diagnoses):
        normal = normal_icd10(code)
        if not normal:
            yield f"$.diagnoses[{place}]", "A diagnosis is an ICD-10-CM code such as F32.1."
        elif normal in known:
            yield f"$.diagnoses[{place}]", "This diagnosis is listed twice."
        else:
            known.add(normal)


def _work_faults(story: Story) -> Iterator[tuple[str, str]]:
    zone = ZoneInfo(story.clinic.time_zone)
    booked: dict[tuple[str, str], list[Booked]] = {}
    for place, work in enumerate(story.work):
        path, time = f"$.work[{place}]", _time(work)
        if work.seconds > LONGEST.total_seconds():
            yield path, "This is longer than 12 hours. Minutes are a whole number from 1 to 720."
        by_person = booked.setdefault((work.by, work.staff), [])
        full = day_is_full(time, by_person, zone)
        if full is not None:
            said = short_day(full)
            yield path, f"With this, {said} holds more than 24 hours of work. Correct the minutes or the day."
        by_person.append(Booked(NOBODY, NOBODY, time.span, time.on, time.seconds))


def _time(work: Work) -> WorkTime:
    if work.at is None:
        return WorkTime(on=work.on, seconds=work.seconds)
    return WorkTime(span=(work.at, work.at + timedelta(seconds=work.seconds)))
