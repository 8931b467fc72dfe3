"""What a rating scale or screening tool is."""

from collections.abc import Mapping
from dataclasses import dataclass

BUNDLED, SITE_ATTESTED, SCORE_ONLY = "bundled", "site_attested", "score_only"
LICENCE_STATUSES = (BUNDLED, SITE_ATTESTED, SCORE_ONLY)


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals, both ends included, and the word for it."""

    lowest: int
    highest: int
    word: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A result of a tool that has no total: given by "yes" to any item of `any_of`, the first that fits.

    `steps` say what to do; `recheck_days` when to ask again at the latest, None where nothing calls for it.
    The last tier has no items: nothing was found.
    """

    key: str
    word: str
    any_of: tuple[int, ...]
    recheck_days: int | None
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """An item is asked only if `item` was answered with `at_least` points."""

    item: int
    at_least: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence beside the result: always, or only where all points come from `only_items`."""

    text: str
    only_items: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One question: its number from 1, its owner's words, our short label, its code.

    `label` is the number that the form prints. `lead` are the owner's words that stand before it, if any.
    `answers[n]` is the answer that scores `Instrument.points[number - 1][n]`.
    """

    number: int
    text: str
    short: str
    loinc: str
    label: str
    lead: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """A tool in one language, as its owner publishes it."""

    instructions: str
    items: tuple[Item, ...]
    difficulty: str
    difficulty_answers: tuple[str, ...]

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that all items share; empty where items have their own."""
        first = self.items[0].answers
        return first if all(item.answers == first for item in self.items) else ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where parts of a tool come from: their names, the publication, how sure we are."""

    of: str
    title: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A rating scale or screening tool. Scores are whole points; a higher one is worse.

    `points[n]` are the points that item n + 1 can give. Up to `may_miss` missing answers a total can still be
    worked out. Items in `unscored` add nothing to the total, those in `optional` are never missed, those in
    `asked_if` are skipped where their condition fails. `critical_items` open the risk steps when answered above
    0; the answer to `critical_item` is kept beside a bare total and is never made up. `counts_as` names the
    scale whose rules a score is held against. Without a wording here (`licence_status`) only scores are entered.
    """

    key: str
    name: str
    title: str
    topic: str
    for_whom: str
    points: tuple[tuple[int, ...], ...]
    critical_item: int | None
    critical_items: tuple[int, ...]
    may_miss: int
    unscored: frozenset[int]
    optional: frozenset[int]
    asked_if: Mapping[int, Condition]
    counts_as: str
    bands: tuple[Band, ...]
    cut_from: int | None
    cut_from_by_sex: Mapping[str, int]
    tiers: tuple[Tier, ...]
    remarks: tuple[Remark, ...]
    wordings: Mapping[str, Wording]
    loinc_panel: str
    loinc_total: str
    loinc_difficulty: str
    loinc_tier: str
    licence_status: str
    licence: str
    is_asked_by_staff: bool
    sources: tuple[Source, ...]

    @property
    def item_count(self) -> int:
        return len(self.points)

    @property
    def scored_items(self) -> tuple[int, ...]:
        """The numbers of the items that make up the total."""
        return tuple(number for number in range(1, self.item_count + 1) if number not in self.unscored)

    @property
    def highest_answer(self) -> int:
        return max(max(points) for points in self.points)

    @property
    def highest_total(self) -> int:
        """The most points that are possible; 0 for a tool with tiers, which has no total."""
        return 0 if self.tiers else sum(max(self.points[number - 1]) for number in self.scored_items)

    @property
    def has_total(self) -> bool:
        return not self.tiers

    @property
    def scale_key(self) -> str:
        """The scale that a score counts for: a PHQ-A counts as a PHQ-9."""
        return self.counts_as or self.key

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.wordings)

    @property
    def is_bundled(self) -> bool:
        """Its wording is here and may be shown to anybody."""
        return self.licence_status == BUNDLED

    @property
    def may_be_sent(self) -> bool:
        """Patients may answer it by themselves: its wording is here, and it is not for staff to ask."""
        return self.is_bundled and not self.is_asked_by_staff

    def takes_items(self, *, is_attested: bool = False) -> bool:
        """Whether answers are entered one by one: with its wording here, or where the site says it has a licence."""
        return self.is_bundled or (self.licence_status == SITE_ATTESTED and is_attested)

    def band(self, total: int) -> Band | None:
        """The band that `total` (0 to `highest_total`) falls into; None for a tool without bands."""
        return next((band for band in reversed(self.bands) if band.lowest <= total), None)

    def cut(self, sex: str = "") -> int | None:
        """The lowest total that is a positive screen for `sex` ("F", "M"; others take the general cut)."""
        return self.cut_from_by_sex.get(sex, self.cut_from)

    def is_positive(self, total: int, sex: str = "") -> bool | None:
        """Whether a total is a positive screen; None for a tool without a cut."""
        cut = self.cut(sex)
        return None if cut is None else total >= cut

    def tier(self, key: str) -> Tier | None:
        """The tier of this key; None where there is none."""
        return next((tier for tier in self.tiers if tier.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetScale(Instrument):
    """A scale that treatment is steered by.

    `elevated_from` is the lowest total that counts as elevated (T2), `meaningful_change` the points that
    matter (T7), `remission_below` the total that remission lies below (T5, T6). `improved_by` are the points
    that make an improvement (T4) where a scale counts points; None where half or below the elevated cut does.
    """

    elevated_from: int
    meaningful_change: int
    remission_below: int
    improved_by: int | None
