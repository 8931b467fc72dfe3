"""Reading X12 as it comes: envelopes may lack, separators differ, lines break anywhere. Meaning is read elsewhere.

A file is cut into interchanges, groups, transactions and segments. What stands outside of them is kept as it was;
what does not add up (counts, control numbers) is noted, because the money in it is checked elsewhere. Only what cannot
be read at all, or breaks off, raises Unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from billing.rules.x12.decoding import Unreadable
from billing.rules.x12.segments import USUAL, Segment, Separators

_TAG: Final = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z")
_AROUND: Final = "\ufeff\x1a\x00 \t\n"
_ELEMENTS_OF_ISA: Final = 16
_LONGEST_ISA: Final = 400
# By which tag a transaction without ST is known.
_TELLS: Final = {
    **dict.fromkeys(("BPR", "CLP"), "835"),
    **dict.fromkeys(("AK1", "AK2", "IK5", "AK9"), "999"),
    "STC": "277",
}
_BEGINS: Final = ("ISA", "GS", "ST", "BPR", "TRN", "N1", "LX", "CLP", "AK1", "AK2", "BHT", "TA1", "STC")


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
    acknowledged: tuple[Segment, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(one for group in self.groups for one in group.transactions)


def interchanges(text: str) -> tuple[Interchange, ...]:
    """Everything in a file, in its order; at least one. Raises Unreadable."""
    rest = text.replace("\r\n", "\n").replace("\r", "\n").lstrip(_AROUND)
    found: list[Interchange] = []
    seen = 0
    while rest:
        if found and not _begins_interchange(rest):
            found.append(_with_unknown(found.pop(), rest))
            break
        sorter = _Sorter(_declared(rest) if _begins_interchange(rest) else _guessed(rest), seen)
        rest = sorter.take(rest)
        seen = sorter.seen
        found.append(sorter.done())
    if not any(one.transactions or one.acknowledged for one in found):
        raise Unreadable("The file has an envelope and nothing in it. Ask for it again.")
    return tuple(found)


def as_text(one: Segment, separators: Separators = USUAL) -> str:
    """A segment as it stood, without its end."""
    return separators.element.join((one.tag, *one.elements))


def _with_unknown(one: Interchange, rest: str) -> Interchange:
    said = "Something follows the end of the interchange."
    return replace(one, unknown=(*one.unknown, rest[:500]), notes=(*one.notes, said))


def _begins_interchange(text: str) -> bool:
    return text[:3] == "ISA" and not text[3:4].isalnum()


def _declared(text: str) -> Separators:
    """As ISA says: each of its sixteen elements follows the character after its tag."""
    element = text[3:4]
    places = [place for place, letter in enumerate(text[:_LONGEST_ISA]) if letter == element][:_ELEMENTS_OF_ISA]
    if not element or len(places) < _ELEMENTS_OF_ISA:
        raise Unreadable("The file is cut off in the middle of its first segment, ISA. Ask for it again.")
    part, end = text[places[-1] + 1 : places[-1] + 2] or " ", text[places[-1] + 2 : places[-1] + 3] or " "
    if part.isalnum() or part.isspace() or end.isalnum() or end == " " or len({element, part, end}) < 3:
        raise Unreadable("The first segment, ISA, does not say how the file is separated. Ask for it again.")
    repetition = text[places[10] + 1 : places[11]].replace("\n", "")
    is_said = len(repetition) == 1 and not repetition.isalnum() and repetition not in (element, part, end)
    return Separators(element, part, repetition if is_said else USUAL.repetition, end)


def _guessed(text: str) -> Separators:
    """Without ISA: as the first tag, the ends of its segments and the first procedure code show."""
    begins = next((tag for tag in sorted(_BEGINS, key=len, reverse=True) if text.startswith(tag)), "")
    element = text[len(begins) : len(begins) + 1]
    if not begins or not element or element.isalnum() or element.isspace():
        raise Unreadable(
            "The file is no answer to claims: it begins neither with ISA nor with a segment that answers have. Choose "
            "the 999, 277CA or 835 as the clearinghouse or payer gave it."
        )
    end = "~" if "~" in text else _end_before_tags(text, element)
    composed = re.search(rf"SVC{re.escape(element)}[A-Z]{{2}}([^A-Za-z0-9\s])", text)
    part = composed[1] if composed and composed[1] not in (element, end) else USUAL.part
    return Separators(element, part, USUAL.repetition, end)


def _end_before_tags(text: str, element: str) -> str:
    """The character that stands before most tags; a line break where there are lines."""
    if "\n" in text:
        return "\n"
    before = re.findall(rf"([^A-Za-z0-9\s])(?:{'|'.join(_BEGINS)}){re.escape(element)}", text)
    others = [letter for letter in before if letter != element]
    return max(set(others), key=others.count) if others else USUAL.segment


@dataclass
class _Sorter:
    """Sorts the segments of one interchange into its groups and transactions."""

    separators: Separators
    seen: int
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

    def take(self, text: str) -> str:
        """Read until this interchange ends; what follows is given back. Raises Unreadable where the file breaks off."""
        for start, raw, after in _pieces(text, self.separators.segment):
            one = self._segment(raw)
            if one.tag == "ISA" and self.isa is not None:
                self.notes.append("An interchange has no end (IEA).")
                return text[start:].lstrip(_AROUND)
            self.seen += 1
            if after is None:
                self._refuse_cut(one)
            self._sort(one)
            if self.is_over:
                return text[after:].lstrip(_AROUND) if after is not None else ""
        if self.st is not None:
            raise Unreadable(
                f"The file is cut off: its transaction {_shown(self.st.at(2))}ends in the middle, after segment "
                f"{self.seen}, {_tag(self.last)}. Nothing was taken over. Ask for it again."
            )
        if self.isa is not None:
            self.notes.append("An interchange has no end (IEA).")
        return ""

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
            acknowledged=tuple(self.acknowledged),
            unknown=tuple(self.unknown),
            notes=tuple(self.notes),
        )

    def _segment(self, raw: str) -> Segment:
        tag, *elements = (element.strip() for element in raw.split(self.separators.element))
        while elements and not elements[-1]:
            elements.pop()
        return Segment(tag.upper() if len(tag) < 4 else tag, tuple(elements))

    def _refuse_cut(self, one: Segment) -> None:
        """The last segment may lack its end only where it ends an envelope, or lines end segments."""
        if self.separators.segment != "\n" and one.tag not in ("SE", "GE", "IEA"):
            raise Unreadable(
                f"The file is cut off in the middle of segment {self.seen}, {_tag(one.tag)}. Nothing was taken over. "
                "Ask for it again."
            )

    def _sort(self, one: Segment) -> None:
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
            case "ST":
                self._end_transaction(None)
                self.st, self.body, self.first = one, [], self.seen + 1
            case "SE":
                self._end_transaction(one)
            case "TA1" if self.body is None:
                self.acknowledged.append(one)
            case _:
                self._within(one)

    def _within(self, one: Segment) -> None:
        """A segment of the transaction, of one that nobody announced, or of none."""
        if self.body is None and one.tag in _BEGINS:
            self.body, self.first = [], self.seen
        if self.body is None:
            self.unknown.append(as_text(one, self.separators)[:500])
        else:
            self.body.append(one)

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
