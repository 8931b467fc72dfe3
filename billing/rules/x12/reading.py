"""Reading X12 as it comes: envelopes may lack, separators differ, lines break anywhere. Meaning is read elsewhere.

A file is cut into interchanges, groups, transactions and segments. What stands outside of them is kept as it was;
what does not add up (counts, control numbers) is noted, because the money in it is checked elsewhere. Only what cannot
be read at all, or breaks off, raises Unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from billing.rules.x12.decoding import Unreadable
from billing.rules.x12.segments import USUAL, Segment, Separators
from billing.rules.x12.separating import (
    BEGINS,
    BLANK,
    INTERCHANGES,
    NO_ANSWER,
    SETS,
    STARTS,
    begins_interchange,
    separators_of,
)

_TAG: Final = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z")
_AROUND: Final = "\ufeff\x1a\x00 \t\n"
_LONGEST_UNKNOWN: Final = 500
_BYTE_ORDER_MARKS: Final = ("\ufeff", "\u00ef\u00bb\u00bf")
# What a transaction begins with and holds once; a second one begins the next, where no ST does.
_HEADS: Final = ("BPR", "AK1", "BHT")
# By which tag a transaction without ST is known.
_TELLS: Final = {
    **dict.fromkeys(("BPR", "CLP"), "835"),
    **dict.fromkeys(("AK1", "AK2", "IK5", "AK9"), "999"),
    "STC": "277",
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """What stands between ST and SE. Without ST, `kind` is guessed and `control` empty."""

    kind: str
    control: str
    guide: str
    segments: tuple[Segment, ...]
    first: int
    """The number of its first segment in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Group:
    """What stands between GS and GE; without GS all of its texts are empty."""

    kind: str
    control: str
    guide: str
    on: str
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """What stands between ISA and IEA. `unknown` is what stood outside of transactions, `notes` what did not add up."""

    sender: str
    receiver: str
    control: str
    separators: Separators
    groups: tuple[Group, ...]
    usage: str = ""
    """T of a test, P of what is meant in earnest; empty without an envelope."""
    acknowledged: tuple[Segment, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(one for group in self.groups for one in group.transactions)


def interchanges(text: str) -> tuple[Interchange, ...]:
    """Everything in a file, in its order; at least one. Raises Unreadable.

    Interchanges and sets without an envelope may follow each other in any mixture, with anything between them: that is
    kept as unknown, and noted. A part that begins and cannot be read to its end refuses the whole file.
    """
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    for mark in _BYTE_ORDER_MARKS:
        clean = clean.replace(mark, "")
    found: list[Interchange] = []
    before, seen = "", 0
    for part in _parts(clean.lstrip(_AROUND)):
        rest = part
        while rest := rest.lstrip(_AROUND):
            starts = _starts_at(rest)
            if starts is None or starts > 0:
                before = _beside(found, before, rest[:starts])
                rest = rest[starts:] if starts is not None else ""
                continue
            sorter = _Sorter(separators_of(rest), seen)
            rest = sorter.take(rest)
            found.append(_with_before(sorter.done(), before))
            before, seen = "", sorter.seen
    if not found:
        raise Unreadable(NO_ANSWER)
    if not any(one.transactions or one.acknowledged for one in found):
        raise Unreadable("The file has an envelope and nothing in it. Ask for it again.")
    return tuple(found)


def as_text(one: Segment, separators: Separators = USUAL) -> str:
    """A segment as it stood, without its end."""
    return separators.element.join((one.tag, *one.elements))


def _parts(text: str) -> Iterator[str]:
    """From each ISA to the next, so that none is lost in what stands before it; first what stands before them all."""
    places = [0, *(found.start() for found in INTERCHANGES.finditer(text) if found.start() > 0), len(text)]
    for start, stop in pairwise(places):
        yield text[start:stop]


def _starts_at(text: str) -> int | None:
    """Where the next thing begins that can be read; None where nothing does."""
    if begins_interchange(text):
        return 0
    found = STARTS.search(text)
    return found.start() if found else None


def _beside(found: list[Interchange], before: str, text: str) -> str:
    """Keep what stands after an interchange with it; what stands before the first waits for it and is given back."""
    if not found:
        return before + text
    found[-1] = _with(found[-1], text, "Something follows the end of the interchange.")
    return ""


def _with_before(one: Interchange, before: str) -> Interchange:
    return _with(one, before, "Something stands before the first interchange.") if before.strip(_AROUND) else one


def _with(one: Interchange, text: str, said: str) -> Interchange:
    kept = text.strip(_AROUND)
    parts = (kept[at : at + _LONGEST_UNKNOWN] for at in range(0, len(kept), _LONGEST_UNKNOWN))
    notes = one.notes if said in one.notes else (*one.notes, said)
    return replace(one, unknown=(*one.unknown, *parts), notes=notes)


@dataclass
class _Sorter:
    """Sorts the segments of one interchange into its groups and transactions."""

    separators: Separators
    seen_before: int
    seen: int = 0
    isa: Segment | None = None
    gs: Segment | None = None
    st: Segment | None = None
    body: list[Segment] | None = None
    first: int = 0
    last: str = ""
    is_over: bool = False
    groups: list[Group] = field(default_factory=list)
    inside: list[Transaction] = field(default_factory=list)
    acknowledged: list[Segment] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen = self.seen_before

    def take(self, text: str) -> str:
        """Read until this interchange ends; what follows is given back. Raises Unreadable where the file breaks off."""
        for start, raw, after in _pieces(text, self.separators.segment):
            if (place := self._other_begins(text, start, raw)) is not None:
                self._keep(text[start:place])
                self._note_no_end()
                return text[place:]
            one = self._segment(self._without_stray(raw))
            if one.tag == "ISA" and self.count:
                raise Unreadable(f"Segment {self.seen + 1}, ISA, begins a file that cannot be read. Ask for it again.")
            self.seen += 1
            if after is None:
                self._refuse_cut(one)
            self._sort(one)
            if self.is_over and not self._goes_on(text, after):
                return text[after:].lstrip(_AROUND) if after is not None else ""
        if self.st is not None:
            raise self._cut()
        self._note_no_end()
        return ""

    def _other_begins(self, text: str, start: int, raw: str) -> int | None:
        """Where in this segment a set begins that is not of this interchange: it has other separators, or stands
        behind the last group. Raises Unreadable where it begins inside of a set.
        """
        if "ST" not in raw and "GS" not in raw:
            return None
        element = self.separators.element
        is_behind = self.isa is not None and self.gs is None and bool(self.groups)
        stop = text.find(self.separators.segment, start)
        for found in SETS.finditer(text, start, stop if stop >= 0 else len(text)):
            if found[0][2] != element or (is_behind and found[0][:2] == "ST"):
                if self.body is not None or not self.count:
                    raise self._cut()
                return found.start()
        return None

    def _goes_on(self, text: str, after: int | None) -> bool:
        """Whether right after a set without an envelope another one of the same separators begins."""
        if after is None or self.isa is not None or self.last != "SE":
            return False
        element, end = re.escape(self.separators.element), re.escape(self.separators.segment)
        begins = rf"[{BLANK}]*ST{element}[0-9]{{3}}{element}[A-Za-z0-9]{{1,9}}(?:{element}[A-Za-z0-9]*)?{end}"
        self.is_over = re.compile(begins).match(text, after) is None
        return not self.is_over

    def _without_stray(self, raw: str) -> str:
        """A set may begin right after text that belongs nowhere. Raises Unreadable where it begins inside another."""
        found = SETS.search(raw, 1) if "ST" in raw or "GS" in raw else None
        if found is None:
            return raw
        if self.body is not None:
            raise self._cut()
        self._keep(raw[: found.start()])
        return raw[found.start() :]

    def _keep(self, text: str) -> None:
        if kept := text.strip(_AROUND):
            self.unknown.append(kept[:_LONGEST_UNKNOWN])

    def _note_no_end(self) -> None:
        if self.isa is not None:
            self.notes.append("An interchange has no end (IEA).")

    @property
    def count(self) -> int:
        return self.seen - self.seen_before

    def done(self) -> Interchange:
        self._end_transaction(None)
        self._end_group(None)
        isa = self.isa or Segment("ISA")
        return Interchange(
            sender=isa.at(6).strip(),
            receiver=isa.at(8).strip(),
            control=isa.at(13).strip(),
            separators=self.separators,
            groups=tuple(self.groups),
            usage=isa.at(15).strip().upper(),
            acknowledged=tuple(self.acknowledged),
            unknown=tuple(self.unknown),
            notes=tuple(self.notes),
        )

    def _segment(self, raw: str) -> Segment:
        tag, *elements = (element.strip(BLANK) for element in raw.split(self.separators.element))
        while elements and not elements[-1]:
            elements.pop()
        return Segment(tag.upper() if len(tag) < 4 else tag, tuple(elements))

    def _cut(self) -> Unreadable:
        return Unreadable(
            f"The file is cut off: its transaction {_shown(self.st.at(2) if self.st else '')}ends in the middle, after "
            f"segment {self.seen}, {_tag(self.last)}. Nothing was taken over. Ask for it again."
        )

    def _refuse_cut(self, one: Segment) -> None:
        """The last segment may lack its end only where it ends an envelope, belongs to none, or lines end segments."""
        is_inside = self.body is not None or one.tag in BEGINS
        if is_inside and self.separators.segment != "\n" and one.tag not in ("SE", "GE", "IEA"):
            raise Unreadable(
                f"The file is cut off in the middle of segment {self.seen}, {_tag(one.tag)}. Nothing was taken over. "
                "Ask for it again."
            )

    def _sort(self, one: Segment) -> None:
        if self.st is not None and one.tag in ("GS", "ST"):
            raise self._cut()
        self.last = one.tag
        match one.tag:
            case "ISA":
                self.isa = one
            case "IEA":
                self._end_interchange(one)
            case "GS":
                self._end_transaction(None)
                self._end_group(None)
                self.gs = one
            case "GE":
                self._end_transaction(None)
                self._end_group(one)
                self.is_over = self.isa is None
            case "ST":
                self._end_transaction(None)
                self.st, self.body, self.first = one, [], self.seen + 1
            case "SE":
                self._end_transaction(one)
                self.is_over = self.isa is None and self.gs is None
            case "TA1" if self.body is None:
                self.acknowledged.append(one)
            case _:
                self._within(one)

    def _within(self, one: Segment) -> None:
        """A segment of the transaction, of one that nobody announced, or of none."""
        if self.body and one.tag in _HEADS and any(before.tag in _HEADS for before in self.body):
            self._begin_next(one)
        if self.body is None and one.tag in BEGINS:
            self.body, self.first = [], self.seen
        if self.body is None:
            self._keep(as_text(one, self.separators))
        else:
            self.body.append(one)

    def _begin_next(self, one: Segment) -> None:
        """Two in one body would be one: sums mixed, and the trace number or file of the first for both."""
        if self.st is not None:
            name, what = _shown(self.st.at(2)), "payments" if one.tag == "BPR" else "answers"
            raise Unreadable(
                f"Transaction {name}holds two {what}: a second {one.tag} stands in it, segment {self.seen}. Nothing "
                "was posted. Ask for the file again, with a transaction (ST to SE) for each of them."
            )
        self._end_transaction(None)

    def _end_transaction(self, se: Segment | None) -> None:
        st, body, self.st, self.body = self.st, self.body, None, None
        if body is None:
            if se is not None:
                self.notes.append("A transaction ends (SE) that did not begin.")
            return
        if st is not None:
            self._check_end(st, se, len(body) + 2)
        kind = (st.at(1) if st else "") or _kind_of(body)
        guide = st.at(3) if st else ""
        self.inside.append(Transaction(kind, st.at(2) if st else "", guide, tuple(body), self.first))

    def _check_end(self, st: Segment, se: Segment | None, count: int) -> None:
        name = _shown(st.at(2))
        if se is None:
            self.notes.append(f"Transaction {name}has no end (SE).")
            return
        if se.at(1).lstrip("0") != str(count):
            said = _shown(se.at(1)) or "nothing "
            self.notes.append(f"Transaction {name}has {count} segments; its end (SE) counts {said.strip()}.")
        if se.at(2) != st.at(2):
            self.notes.append(f"Transaction {name}ends under another number.")

    def _end_group(self, ge: Segment | None) -> None:
        gs, inside, self.gs, self.inside = self.gs, self.inside, None, []
        if gs is None and not inside:
            return
        if gs is not None and ge is not None and ge.at(2) != gs.at(6):
            self.notes.append(f"Group {_shown(gs.at(6))}ends (GE) under another number.")
        head = gs or Segment("GS")
        self.groups.append(Group(head.at(1), head.at(6), head.at(8), head.at(4), tuple(inside)))

    def _end_interchange(self, iea: Segment) -> None:
        self._end_transaction(None)
        self._end_group(None)
        self.is_over = True
        if self.isa is not None and iea.at(2) != self.isa.at(13):
            self.notes.append(f"Interchange {_shown(self.isa.at(13))}ends (IEA) under another number.")


def _pieces(text: str, end: str) -> Iterator[tuple[int, str, int | None]]:
    """Each segment's start, text and the place after its end; None where the text ends without one."""
    start = 0
    while start < len(text):
        stop = text.find(end, start)
        raw = (text[start:] if stop < 0 else text[start:stop]).replace("\n", "").strip(_AROUND)
        if raw:
            yield start, raw, None if stop < 0 else stop + 1
        if stop < 0:
            return
        start = stop + 1


def _kind_of(body: list[Segment]) -> str:
    """By what a transaction without ST holds; empty where nothing tells."""
    return next((_TELLS[one.tag] for one in body if one.tag in _TELLS), "")


def _tag(tag: str) -> str:
    return tag if _TAG.match(tag) else "of no known name"


def _shown(number: str) -> str:
    """A control number to name in a sentence, with a space after it; nothing where it is none."""
    return f"{number} " if number.isalnum() and len(number) <= 15 else ""
