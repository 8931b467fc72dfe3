"""Stories: one patient's months written down as data. The format, parsed and checked.

`read_story` gives a Story in which every default is filled in and what `in_order` supplies is there; no
reader needs to know the format. The stories themselves are in tests/stories.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from billing.rules.books import OptionOutOfBounds, UnknownOption
from billing.rules.books.library import library
from billing.rules.books.options import checked
from billing.rules.documents import DocumentInvalid, Node, members
from billing.rules.facts import AccessModel, EarlierLine, OptionValue, OtherService, Visit
from billing.rules.story_parts import (
    Consent,
    End,
    Expectation,
    ExpectedMonth,
    ProgramChange,
    Review,
    Score,
    Story,
    StoryClinic,
    StoryPatient,
    Work,
    program_on,
)
from billing.rules.story_supplies import SUPPLIES, Given, supplied
from billing.rules.words import FLAGS, GAPS
from caseload.rules.clock import local_date, local_instant

T = TypeVar("T")

PROGRAMS = ("cocm", "bhi")
SETTINGS = ("office", "hospital_outpatient", "fqhc", "rhc")
END_REASONS = (
    "graduated",
    "lost_to_follow_up",
    "administrative_inactivity",
    "withdrew",
    "transferred",
    "died",
    "other",
)
CONSENTED_SERVICES = ("bhi", "ccm", "apcm")
WORKED_SERVICES = ("cocm", "bhi", "ccm")
BILLERS = ("billing", "other")
SEXES = ("F", "M", "X", "U")
ROLES = ("care_manager", "treating_clinician", "psychiatric_consultant", "clinical_staff", "clerical")
ACTIVITIES = (
    "treatment",
    "outreach_attempt",
    "no_show",
    "message",
    "caregiver",
    "coordination",
    "registry",
    "care_planning",
    "case_review",
    "scheduling",
)
RECOMMENDATIONS = ("continue", "medication", "psychosocial", "diagnostic", "referral", "safety", "step_down")
SIGNALS = (
    "safety",
    "worsening",
    "stalled",
    "stalled_watch",
    "non_responder_week_8",
    "non_responder",
    "change_of_plan_due",
    "relapse",
    "relapse_confirmed",
    "measure_overdue",
    "contact_overdue",
    "contact_lapsed",
    "first_follow_up_late",
    "never_reviewed",
    "review_due",
    "review_overdue",
    "long_episode",
    "inactive",
)
STATES = (
    "no_baseline",
    "not_elevated",
    "remission",
    "response",
    "improved",
    "partial",
    "no_change",
    "worse",
)
SCALES = {"phq9": (9, 27), "gad7": (7, 21)}
MOST_ON_A_SCALE = 999
MOST_PER_ITEM = 3
MOST_OF_A_NAME = 100
DAY_OF_SECONDS = 24 * 60 * 60
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)

FIELDS = (
    *("id", "title", "source", "confidence", "reason", "clinic", "payer", "program", "program_changes"),
    *("referred_on", "enrolled_on", "ended", "relapse_prevention_from", "patient", "in_order", "without"),
    *("consents", "visits", "diagnoses", "served_before", "billed_before", "work", "scores", "care_plans"),
    *("reviews", "other_services", "access_model", "days", "expect"),
)


def load_story(text: str) -> Story:
    """A story from the text of its file. Raises DocumentInvalid, with the JSON path and the fault."""
    try:
        document = json.loads(text, object_pairs_hook=members)
    except ValueError as fault:
        raise DocumentInvalid("$", f"not JSON: {fault}") from fault
    except RecursionError as fault:
        raise DocumentInvalid("$", "objects and lists are nested too deeply") from fault
    return read_story(document)


def read_story(document: object) -> Story:
    """A story from its JSON document. Raises DocumentInvalid, with the JSON path and the fault."""
    story = _Fields(Node(document).fields(FIELDS, required=("id", "title", "enrolled_on")))
    clinic = story.read("clinic", _clinic, StoryClinic())
    program = story.read("program", lambda node: node.word(PROGRAMS), "cocm")
    changes = tuple(sorted(story.list("program_changes", _program_change), key=lambda change: change.on))
    enrolled_on = story.nodes["enrolled_on"].day()
    zone = ZoneInfo(clinic.time_zone)
    work = story.list("work", lambda node: _work(node, zone, partial(program_on, program, changes)))
    book, options = story.read("payer", _payer, ("medicare_ffs", ()))
    given = Given(
        consents=story.optional("consents", lambda node: node.each(lambda item: _consent(item, zone))),
        visits=story.optional("visits", lambda node: node.each(_visit)),
        diagnoses=story.optional("diagnoses", lambda node: node.each(Node.text)),
        care_plans=story.optional("care_plans", lambda node: node.each(Node.day)),
        scores=story.optional("scores", lambda node: node.each(_score)),
        reviews=story.optional("reviews", lambda node: node.each(_review)),
    )
    without = story.list("without", lambda node: node.word(SUPPLIES))
    in_order = story.read("in_order", Node.flag, True)  # noqa: FBT003 (the format's default)
    return Story(
        id=story.nodes["id"].text(),
        title=story.nodes["title"].text(),
        source=story.list("source", Node.text),
        confidence=story.read("confidence", lambda node: node.or_none(_share), None),
        reason=story.read("reason", lambda node: node.or_none(Node.text), None),
        clinic=clinic,
        book=book,
        options=options,
        program=program,
        program_changes=changes,
        referred_on=story.read("referred_on", lambda node: node.or_none(Node.day), None),
        enrolled_on=enrolled_on,
        ended=story.read("ended", lambda node: node.or_none(_end), None),
        relapse_prevention_from=story.read("relapse_prevention_from", lambda n: n.or_none(Node.day), None),
        patient=story.read("patient", _patient, StoryPatient()),
        served_before=story.list("served_before", Node.month),
        billed_before=story.list("billed_before", _earlier_line),
        work=work,
        other_services=story.list("other_services", _other_service),
        access_model=story.read("access_model", lambda node: node.or_none(_access_model), None),
        days=story.list("days", Node.day),
        expect=story.read("expect", lambda node: node.or_none(_expect), None),
        **supplied(given, in_order=in_order, without=without, enrolled_on=enrolled_on, work=work, zone=zone),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of an object, with their defaults."""

    nodes: dict[str, Node]

    def read(self, name: str, read: Callable[[Node], Any], default: Any) -> Any:
        return read(self.nodes[name]) if name in self.nodes else default

    def optional(self, name: str, read: Callable[[Node], Any]) -> Any:
        return self.read(name, read, None)

    def list(self, name: str, read: Callable[[Node], T]) -> tuple[T, ...]:
        return self.nodes[name].each(read) if name in self.nodes else ()


def _clinic(node: Node) -> StoryClinic:
    clinic = _Fields(node.fields(("time_zone", "setting", "place_of_service")))
    setting = clinic.read("setting", lambda one: one.word(SETTINGS), "office")
    usual = "22" if setting == "hospital_outpatient" else "11"
    return StoryClinic(
        time_zone=clinic.read("time_zone", _zone, "America/New_York"),
        setting=setting,
        place_of_service=clinic.read("place_of_service", _place, usual),
    )


def _zone(node: Node) -> str:
    try:
        return str(ZoneInfo(node.text()))
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise node.refuse("a time zone like America/New_York is expected") from fault


def _place(node: Node) -> str:
    if not re.fullmatch(r"[0-9]{2}", node.text()):
        raise node.refuse("a place of service of two digits is expected")
    return node.text()


def _payer(node: Node) -> tuple[str, tuple[tuple[str, OptionValue], ...]]:
    payer = _Fields(node.fields(("book", "options")))
    book = payer.read("book", lambda one: one.word(library()), "medicare_ffs")
    return book, payer.read("options", _options, ())


def _options(node: Node) -> tuple[tuple[str, OptionValue], ...]:
    return tuple(sorted((name.value, _option(name.value, value)) for name, value in node.entries()))


def _option(name: str, node: Node) -> Any:
    try:
        return checked(name, node.value)
    except (UnknownOption, OptionOutOfBounds) as fault:
        raise node.refuse(str(fault)) from fault


def _program_change(node: Node) -> ProgramChange:
    change = node.fields(("on", "to"), required=("on", "to"))
    return ProgramChange(change["on"].day(), change["to"].word(PROGRAMS))


def _end(node: Node) -> End:
    end = node.fields(("on", "reason"), required=("on", "reason"))
    return End(end["on"].day(), end["reason"].word(END_REASONS))


def _patient(node: Node) -> StoryPatient:
    patient = _Fields(node.fields(("birth_date", "sex", "died_on")))
    return StoryPatient(
        birth_date=patient.read("birth_date", Node.day, StoryPatient().birth_date),
        sex=patient.read("sex", lambda one: one.word(SEXES), "F"),
        died_on=patient.read("died_on", lambda one: one.or_none(Node.day), None),
    )


def _instant(node: Node, zone: ZoneInfo) -> datetime:
    """A local clock time of the clinic, or a time with an offset."""
    if not INSTANT.fullmatch(node.text()):
        raise node.refuse("a time like 2026-10-05T10:00 is expected, with or without an offset")
    try:
        moment = datetime.fromisoformat(node.text())
    except ValueError as fault:
        raise node.refuse(f"there is no such time ({fault})") from fault
    node.year_within(moment.year)
    # In UTC also when it came with an offset: Postgres reads none beyond 15:59.
    return local_instant(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _consent(node: Node, zone: ZoneInfo) -> Consent:
    consent = _Fields(node.fields(("given_at", "service", "revoked_on"), required=("given_at", "service")))
    return Consent(
        given_at=_instant(consent.nodes["given_at"], zone),
        service=consent.nodes["service"].word(CONSENTED_SERVICES),
        revoked_on=consent.read("revoked_on", lambda one: one.or_none(Node.day), None),
    )


def _visit(node: Node) -> Visit:
    visit = _Fields(node.fields(("on", "code", "by"), required=("on", "code")))
    biller = visit.read("by", lambda one: one.word(BILLERS), "billing")
    return Visit(visit.nodes["on"].day(), visit.nodes["code"].code(), biller)


def _other_service(node: Node) -> tuple[str, OtherService]:
    service = _Fields(node.fields(("month", "code", "by", "minutes"), required=("month", "code")))
    return service.nodes["month"].month(), OtherService(
        code=service.nodes["code"].code(),
        by=service.read("by", lambda one: one.word(BILLERS), "billing"),
        minutes=service.read("minutes", lambda one: one.or_none(_minutes_known), None),
    )


def _minutes_known(node: Node) -> int:
    return node.whole(0, 31 * 24 * 60)


def _earlier_line(node: Node) -> EarlierLine:
    line = node.fields(("month", "code"), required=("month", "code"))
    return EarlierLine(line["month"].month(), line["code"].code())


def _access_model(node: Node) -> AccessModel:
    model = _Fields(node.fields(("aligned", "participant")))
    no = AccessModel()
    return AccessModel(
        model.read("aligned", Node.flag, no.aligned), model.read("participant", Node.flag, no.participant)
    )


def _work(node: Node, zone: ZoneInfo, program_of: Callable[[date], str]) -> Work:
    known = ("at", "minutes", "seconds", "by", "staff", "activity", "service", "billed_as", "facility_stay")
    work = _Fields(node.fields(known, required=("at",)))
    at = work.nodes["at"]
    is_day = "T" not in at.text()
    instant = None if is_day else _instant(at, zone)
    on = at.day() if instant is None else local_date(instant, zone)
    role = work.read("by", lambda one: one.word(ROLES), "care_manager")
    return Work(
        at=instant,
        on=on,
        seconds=_seconds(node, work),
        by=role,
        staff=work.read("staff", lambda one: one.text(most=MOST_OF_A_NAME), role),
        activity=work.read("activity", lambda one: one.word(ACTIVITIES), "treatment"),
        service=work.read("service", lambda one: one.word(WORKED_SERVICES), program_of(on)),
        billed_as=work.read("billed_as", lambda one: one.or_none(Node.code), None),
        facility_stay=work.read("facility_stay", Node.flag, False),  # noqa: FBT003 (the format's default)
    )


def _seconds(node: Node, work: _Fields) -> int:
    if ("minutes" in work.nodes) == ("seconds" in work.nodes):
        raise node.refuse("either minutes or seconds are expected")
    if "seconds" in work.nodes:
        return work.nodes["seconds"].whole(1, DAY_OF_SECONDS)
    return work.nodes["minutes"].whole(1, DAY_OF_SECONDS // 60) * 60


def _score(node: Node) -> Score:
    known = ("on", "instrument", "total", "item9", "items")
    score = _Fields(node.fields(known, required=("on", "instrument")))
    instrument = score.nodes["instrument"].text()
    if ("items" in score.nodes) == ("total" in score.nodes):
        raise node.refuse("either items or a total are expected")
    if "items" in score.nodes:
        return _score_of_items(score, instrument)
    most = SCALES[instrument][1] if instrument in SCALES else MOST_ON_A_SCALE
    item9 = score.read("item9", lambda one: one.or_none(lambda n: n.whole(0, MOST_PER_ITEM)), None)
    return Score(score.nodes["on"].day(), instrument, score.nodes["total"].whole(0, most), item9)


def _score_of_items(score: _Fields, instrument: str) -> Score:
    """Total and item 9 come from the items."""
    node = score.nodes["items"]
    items = node.each(lambda one: one.whole(0, MOST_PER_ITEM))
    if instrument in SCALES and len(items) != SCALES[instrument][0]:
        raise node.refuse(f"{SCALES[instrument][0]} items are expected")
    item9 = items[8] if instrument == "phq9" else None
    return Score(score.nodes["on"].day(), instrument, sum(items), item9, items)


def _review(node: Node) -> Review:
    review = node.fields(("on", "recommendation"), required=("on", "recommendation"))
    return Review(review["on"].day(), review["recommendation"].word(RECOMMENDATIONS))


def _share(node: Node) -> Decimal:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)) or not 0 <= node.value <= 1:
        raise node.refuse("a number from 0 to 1 is expected")
    return Decimal(str(node.value))


def _expect(node: Node) -> Expectation:
    expect = node.fields(("months", "signals", "state"))
    none = Node({})
    return Expectation(
        months={month.month(): _month(value) for month, value in expect.get("months", none).entries()},
        signals={
            day.day(): frozenset(value.each(lambda one: one.word(SIGNALS)))
            for day, value in expect.get("signals", none).entries()
        },
        state={day.day(): value.word(STATES) for day, value in expect.get("state", none).entries()},
    )


def _month(node: Node) -> ExpectedMonth:
    month = _Fields(node.fields(("minutes", "lines", "gaps", "flags")))
    return ExpectedMonth(
        minutes=month.optional("minutes", _minutes_known),
        lines=month.optional("lines", lambda one: one.each(_line)),
        gaps=month.optional("gaps", lambda one: frozenset(one.each(lambda n: n.word(GAPS)))),
        flags=month.optional("flags", lambda one: frozenset(one.each(lambda n: n.word(FLAGS)))),
    )


def _line(node: Node) -> tuple[str, int]:
    pair = node.items()
    if len(pair) != len(("code", "units")):
        raise node.refuse("a line is [code, units]")
    return pair[0].code(), pair[1].whole(1, 99)
