"""What reports hold: which measures, beside what, and what of them is hidden. Pure, from numbers and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from outcomes.rules.figures import NOT_SHOWN, Beside, Figure, Numbers, figures, table_figures, told_elsewhere
from outcomes.rules.masking import hidden_among, is_small
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.months import month_before
from outcomes.rules.numbers import NO_SHARE, NOT_AVAILABLE, reaches
from outcomes.rules.screening import SCREENED, SCREENING, STAFFING_FORMULA, YIELD, Share

BOARD, STATE, PAYER = "board", "state", "payer"
TITLES: Final = {BOARD: "Monthly board report", STATE: "State metric set", PAYER: "Payer quality file"}
FAMILIES: Final = {
    "nys": "Collaborative care",
    "engagement": "Who comes, and who stays",
    "change": "Who gets better",
    "review": "Psychiatric review",
    "safety": "Safety",
    "work": "The work",
    "experience": "What patients say",
    "money": "Money",
}
IN_THE_PRACTICE: Final = "Screening in the whole practice, and staff"
STAFFING: Final = "nys_11"
_BOARD: Final = (
    *("enrolled", "newly_enrolled", "referred_enrolled", "attempt_days", "retention_90", "contact_and_score"),
    *("improvement", "remission", "response_16", "remission_16", "completeness"),
    *("ed_before", "ed_after", "stays_before", "stays_after"),
    *("first_review_days", "consultation", "closed_14", "safety_same_day"),
    *("caseload_per_fte", "minutes_per_contact", "registry_complete", "said_share"),
    *("billed_share", "expected_mean", "paid_mean"),
)
_PAYER: Final = (
    *("enrolled", "newly_enrolled", "retention_90", "contact_and_score", "improvement", "remission"),
    *("response_16", "remission_16", "completeness", "reviewed_30", "consultation", "safety_same_day"),
    *("ed_before", "ed_after", "stays_before", "stays_after"),
)
# By clinic, beside their total.
_BY_CLINIC: Final = {
    BOARD: ("enrolled", "contact_and_score", "improvement", "consultation"),
    STATE: ("nys_1", "nys_2", "nys_5", "nys_6", "nys_7", "nys_8"),
}
_TRENDS: Final = {BOARD: ("contact_and_score", "improvement")}
TREND_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A measure in a report: now, in earlier months (None: not measured then), and against its target."""

    key: str
    title: str
    unit: str
    formula: str
    exclusions: tuple[str, ...]
    source: str
    now: Figure
    past: tuple[Figure | None, ...] = ()
    target: Decimal | None = None
    target_words: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Measures of one kind."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A clinic, with a figure for each measure of the table; None where it has no patients to ask about."""

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Some measures clinic by clinic, above their total."""

    keys: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    total: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure over months, the oldest first."""

    key: str
    title: str
    target: Decimal | None
    points: tuple[tuple[date, Figure], ...]


@dataclass(frozen=True, slots=True)
class MonthRead:
    """A month that a report reads, in which edition."""

    month: date
    edition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Of what a report is. `scope` is the clinic's or payer's name, or empty for everybody; `facts` is the fingerprint
    of the frozen facts that it was counted from, empty while the month is open.
    """

    kind: str
    organization: str
    scope: str
    month: date
    edition: int
    because: str
    is_final: bool
    definitions: str
    facts: str
    mask_under: int

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES[self.kind]


@dataclass(frozen=True, slots=True)
class ReportContent:
    """All that a report says."""

    heading: Heading
    past: tuple[MonthRead | None, ...]
    sections: tuple[Section, ...]
    table: GroupTable | None
    trends: tuple[Trend, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The measures of all sections."""
        return tuple(line for section in self.sections for line in section.lines)

    @property
    def with_target(self) -> tuple[Line, ...]:
        """Measures of which it is known whether they reach their target."""
        return tuple(line for line in self.lines if line.is_met is not None)

    @property
    def hides(self) -> bool:
        """Whether something is not shown."""
        figures = [figure for line in self.lines for figure in (line.now, *line.past) if figure is not None]
        figures += [figure for row in self.table.rows for figure in row.figures] if self.table else []
        figures += [figure for trend in self.trends for _, figure in trend.points]
        return any(figure.is_hidden for figure in figures)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a report is made of: the numbers of each month, those of the month by clinic, and the month's targets.

    `clinic` is the one that it is of; `beside` is of a report of one clinic or payer only.
    """

    by_month: Mapping[date, Numbers]
    by_clinic: Mapping[UUID, Numbers]
    clinic_names: Mapping[UUID, str]
    targets: Mapping[str, Decimal]
    # Of a state's set only: shares of everybody seen at each clinic, and of full-time posts (None: not of a clinic).
    screening: Mapping[UUID, Mapping[str, Share]] = field(default_factory=dict)
    posts: Mapping[UUID, Decimal] | None = None
    clinic: UUID | None = None
    beside: Sequence[Beside] = ()


def keys_of(kind: str, month: date, *, is_whole: bool) -> tuple[str, ...]:
    """The measures of a report of a month, in its order. How many full-time posts there are is known of all only."""
    wanted = tuple(one.key for one in MEASURES if one.family == "nys") if kind == STATE else {
        BOARD: _BOARD, PAYER: _PAYER
    }[kind]  # fmt: skip
    asked = [measure(key) for key in wanted]
    return tuple(one.key for one in asked if one.is_in_force(month) and (is_whole or one.kind is not Kind.PER_POST))


def past_months(kind: str, month: date) -> tuple[date, ...]:
    """With which months a report compares: for a board the one before and that of a year ago."""
    return (month_before(month), month_before(month, 12)) if kind == BOARD else ()


def trend_months(kind: str, month: date) -> tuple[date, ...]:
    """The months of its charts, the oldest first."""
    if kind not in _TRENDS:
        return ()
    return tuple(month_before(month, back) for back in reversed(range(TREND_MONTHS)))


def clinic_keys(kind: str, month: date, *, is_whole: bool) -> tuple[str, ...]:
    """The measures that it shows clinic by clinic."""
    return tuple(key for key in _BY_CLINIC.get(kind, ()) if is_whole and measure(key).is_in_force(month))


def report_content(
    heading: Heading, editions: Mapping[date, int], counted: Counted, *, keys: Sequence[str], by_clinic: Sequence[str]
) -> ReportContent:
    """The report. `editions` are those of the months that were counted; of a month without one it says nothing."""
    kind, month, under = heading.kind, heading.month, heading.mask_under
    shown = {
        one: figures(numbers, under, told_elsewhere=told_elsewhere(one, counted.beside, under))
        for one, numbers in counted.by_month.items()
    }
    before = past_months(kind, month)
    lines = [_line(measure(key), key, shown, before, counted) for key in keys]
    families = dict.fromkeys(measure(key).family for key in keys)
    return ReportContent(
        heading=heading,
        past=tuple(MonthRead(one, editions[one]) if one in editions else None for one in before),
        sections=(
            *(
                Section(FAMILIES[family], tuple(line for line in lines if measure(line.key).family == family))
                for family in families
            ),
            *_practice(kind, counted, under),
        ),
        table=_table(by_clinic, counted, shown[month], under),
        trends=tuple(_trend(key, kind, month, shown, counted) for key in _TRENDS.get(kind, ()) if key in keys),
    )


def _line(
    one: Measure, key: str, shown: Mapping[date, Mapping[str, Figure]], before: Sequence[date], counted: Counted
) -> Line:
    month = max(shown)
    target, now = counted.targets.get(key), shown[month][key]
    return Line(
        key=key,
        title=one.title,
        unit="percent" if one.kind is Kind.SHARE else one.unit,
        formula=one.formula,
        exclusions=one.exclusions,
        source=one.source,
        now=now,
        past=tuple(shown[earlier].get(key) if earlier in shown else None for earlier in before),
        target=target,
        target_words=_target_words(one, target),
        is_met=None if now.is_hidden else reaches(counted.by_month[month][key], target),
    )


def _practice(kind: str, counted: Counted, under: int) -> tuple[Section, ...]:
    """New York's numbers 9 to 11: of everybody whom the practice saw, and who works for the program."""
    if kind != STATE:
        return ()
    lines = [_share_line(one, counted, under) for one in SCREENING if one.key in {SCREENED, YIELD}]
    if counted.posts is not None:
        now = _posts(counted.posts)
        title, source = "NYS 11: staff", "New York State OMH collaborative care metrics 2025"
        lines.append(Line(STAFFING, title, "full-time posts", STAFFING_FORMULA, (), source, now))
    return (Section(IN_THE_PRACTICE, tuple(lines)),)


def _posts(shares: Mapping[UUID, Decimal]) -> Figure:
    """Full-time posts; not known where nobody's share is set."""
    if not shares:
        return Figure(f"{NOT_AVAILABLE}: {NO_SHARE}")
    total = sum(shares.values(), Decimal(0))
    return Figure(f"{total} full-time posts", value=total)


def _share_line(one: Measure, counted: Counted, under: int) -> Line:
    of = [shares for clinic, shares in counted.screening.items() if counted.clinic in {None, clinic}]
    found = _together(one.key, of)
    is_hidden = is_small(_share_counts(one.key, of), under)
    if counted.clinic is not None:
        by_clinic = {clinic: _share_counts(one.key, [shares]) for clinic, shares in counted.screening.items()}
        is_hidden = is_hidden or counted.clinic in hidden_among(by_clinic, under)
    text = f"{found.counts}, {found.figure}" if found.of else NOT_AVAILABLE
    target = counted.targets.get(one.key, one.target)
    return Line(
        key=one.key,
        title=f"NYS {one.key.removeprefix('nys_')}: {one.title[0].lower()}{one.title[1:]}",
        unit="percent",
        formula=one.formula,
        exclusions=tuple(words.rstrip(".") for words in one.exclusions),
        source=one.source,
        now=Figure(NOT_SHOWN, is_hidden=True) if is_hidden else Figure(text, found.met, found.of, found.percent),
        target=target,
        target_words=_target_words(one, target),
        is_met=None if is_hidden else found.reaches(target),
    )


def _together(key: str, of: Sequence[Mapping[str, Share]]) -> Share:
    shares = [shares.get(key, Share()) for shares in of]
    return Share(sum(share.met for share in shares), sum(share.of for share in shares))


def _share_counts(key: str, of: Sequence[Mapping[str, Share]]) -> tuple[int, ...]:
    """How many, how many were asked about, how many not; and of those screened, how many have no first PHQ-9."""
    found, screened = _together(key, of), _together(SCREENED, of)
    return found.met, found.of, found.of - found.met, abs(screened.met - found.of) if key == YIELD else 0


def _target_words(one: Measure, target: Decimal | None) -> str:
    if target is None:
        return ""
    plain = f"{target:,f}".rstrip("0").rstrip(".") if "." in f"{target:f}" else f"{target:,f}"
    amount = f"${target:,.2f}" if one.unit == "dollars" else f"{plain} {'%' if one.kind is Kind.SHARE else one.unit}"
    return f"{ {'up': 'at least ', 'down': 'at most '}.get(one.better, '') }{amount.strip()}"


def _table(keys: Sequence[str], counted: Counted, total: Mapping[str, Figure], under: int) -> GroupTable | None:
    """By clinic, where there are several."""
    rows = {clinic: numbers for clinic, numbers in counted.by_clinic.items() if all(key in numbers for key in keys)}
    if not keys or len(rows) < 2:
        return None
    columns = [table_figures(key, rows, under) for key in keys]
    clinics = sorted(rows, key=lambda clinic: (counted.clinic_names[clinic], str(clinic)))
    return GroupTable(
        keys=tuple(keys),
        titles=tuple(measure(key).title for key in keys),
        rows=tuple(
            GroupRow(counted.clinic_names[clinic], tuple(column[clinic] for column in columns)) for clinic in clinics
        ),
        total=tuple(total[key] for key in keys),
    )


def _trend(
    key: str, kind: str, month: date, shown: Mapping[date, Mapping[str, Figure]], counted: Counted
) -> Trend:  # fmt: skip
    none = Figure(NOT_AVAILABLE)
    points = tuple((one, shown.get(one, {}).get(key, none)) for one in trend_months(kind, month))
    return Trend(key, measure(key).title, counted.targets.get(key), points)
