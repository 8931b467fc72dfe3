"""What an 835 pays, claim by claim and line by line, as it was received. Amounts of a reversal are below zero."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from billing.rules.x12.decoding import Unreadable
from billing.rules.x12.reading import Transaction, as_text
from billing.rules.x12.segments import Segment, Separators
from billing.rules.x12.values import day_of, digits_of, fitting, money_of, names_of

NOTHING: Final = Decimal("0.00")
REVERSAL: Final = "22"
PATIENT: Final = "PR"
_GROUPS: Final = ("CO", "PR", "OA", "PI", "CR")
_MOST_LINES: Final = 999
_LONGEST_REASON: Final = 5
_TRIPLETS: Final = range(2, 20, 3)
_COMPOSED: Final = re.compile(r"([A-Z]{2})[^A-Za-z0-9]([A-Za-z0-9]+)")
# What is understood, and what is left out on purpose: addresses, contacts, sums that are sent twice.
_KNOWN: Final = frozenset(
    (
        *("BPR", "TRN", "CUR", "REF", "DTM", "N1", "N2", "N3", "N4", "PER", "RDM", "LX", "TS3", "TS2", "CLP", "CAS"),
        *("NM1", "MIA", "MOA", "AMT", "QTY", "SVC", "LQ", "PLB"),
    )
)
_QUALIFIERS: Final = ("HC", "HP", "AD", "ER", "IV", "N4", "NU", "WK", "SV")
# Where the remark codes of a whole claim stand: of professional and outpatient claims, and of inpatient ones.
_REMARKS_AT: Final = {"MOA": range(3, 8), "MIA": (5, *range(20, 24))}
# Whom a claim names: people, the plan that it was passed on to, and the plan that is to be asked first.
_PEOPLE: Final = {
    "QC": "patient",
    "IL": "insured",
    "74": "corrected",
    "GB": "other_insured",
    "TT": "passed_to",
    "PR": "first_payer",
}
# Read elsewhere, or left out on purpose: who rendered it, as we said ourselves; sums that are sent twice; days' ends.
_PASSED_OVER: Final = frozenset(
    (
        *(("NM1", "82"), ("AMT", "AU"), ("AMT", "B6"), ("REF", "6R")),
        *(("DTM", day) for day in ("232", "233", "472", "150", "151")),
    )
)
# Kept as they came where nothing else is done with them.
_QUALIFIED: Final = ("NM1", "AMT", "REF", "QTY", "DTM")
_SOCIAL_SECURITY: Final = ("REF", "SY")
# Of a payee, in N103 and REF01.
_NPI: Final = "XX"
_TAX: Final = ("FI", "TJ")


@dataclass(frozen=True, slots=True)
class Less:
    """Why less was paid than charged: the payer's group and reason. Below zero it adds."""

    group: str
    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One procedure of a claim. `allowed` and `units` are None where the payer does not say."""

    code: str
    charge: Decimal
    paid: Decimal
    control: str = ""
    units: Decimal | None = None
    service_on: date | None = None
    allowed: Decimal | None = None
    less: tuple[Less, ...] = ()
    remarks: tuple[str, ...] = ()
    asked: str = ""
    """The procedure as it was submitted, where the payer made another of it."""


@dataclass(frozen=True, slots=True)
class PaidClaim:
    """One CLP: what was charged, paid and owed by the patient, and its lines. `names` are as received."""

    control: str
    status: str
    charge: Decimal
    paid: Decimal
    patient_owes: Decimal
    payer_claim_number: str = ""
    names: tuple[tuple[str, str], ...] = ()
    less: tuple[Less, ...] = ()
    lines: tuple[PaidLine, ...] = ()
    unknown: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    """Remark codes of the whole claim."""

    @property
    def is_reversal(self) -> bool:
        """It takes back what was said before: by its status, or by a charge or payment below zero under another one.

        Money taken off a charge that stands above zero is an adjustment, not a reversal: what it says of lines counts.
        """
        return self.status == REVERSAL or self.charge < 0 or (self.paid < 0 and self.charge == 0)

    @property
    def all_less(self) -> tuple[Less, ...]:
        """Of the claim itself, and of its lines."""
        return (*self.less, *(less for line in self.lines for less in line.less))


@dataclass(frozen=True, slots=True)
class ProviderLess:
    """A PLB: money kept back (above zero) or added (below zero) that belongs to no claim of this payment."""

    reason: str
    reference: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """One 835. `total` is below zero where the payer takes money back; `paid_on` None where no day is said.

    `is_day_made` where `paid_on` is the day on which the file was made: made again later, it says another one.
    """

    total: Decimal
    payer_name: str = ""
    payer_identifier: str = ""
    trace_number: str = ""
    method: str = ""
    paid_on: date | None = None
    claims: tuple[PaidClaim, ...] = ()
    provider_less: tuple[ProviderLess, ...] = ()
    unknown: tuple[str, ...] = ()
    is_day_made: bool = False
    payee_name: str = ""
    payee_npi: str = ""
    payee_tax_id: str = field(default="", repr=False)
    """Digits, to compare and not to keep: it may be somebody's social security number."""


def payment_of(transaction: Transaction, separators: Separators) -> Payment:
    """The payment of an 835. Raises Unreadable where it has no total, or an amount is none."""
    reader = _Reader(separators)
    for number, one in enumerate(transaction.segments, start=transaction.first):
        reader.number = number
        reader.take(one)
    if reader.bpr is None:
        raise Unreadable("The 835 does not say what it pays: it has no BPR segment. Nothing was posted.")
    return reader.payment()


@dataclass
class _Line:
    """A line while it is read."""

    code: str
    asked: str
    charge: Decimal
    paid: Decimal
    units: Decimal | None
    control: str = ""
    service_on: date | None = None
    allowed: Decimal | None = None
    less: list[Less] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def done(self, otherwise_on: date | None) -> PaidLine:
        return PaidLine(
            code=self.code,
            charge=self.charge,
            paid=self.paid,
            control=self.control,
            units=self.units,
            service_on=self.service_on or otherwise_on,
            allowed=self.allowed,
            less=tuple(self.less),
            remarks=tuple(dict.fromkeys(self.remarks)),
            asked=self.asked if self.asked != self.code else "",
        )


@dataclass
class _Claim:
    """A claim while it is read."""

    clp: Segment
    charge: Decimal
    paid: Decimal
    owed: Decimal
    names: dict[str, str] = field(default_factory=dict)
    service_on: date | None = None
    less: list[Less] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def done(self) -> PaidClaim:
        clp = self.clp
        lines = tuple(line.done(self.service_on) for line in self.lines)
        less = (*self.less, *(one for line in lines for one in line.less))
        of_patient = [one.amount for one in less if one.group == PATIENT]
        return PaidClaim(
            control=fitting(clp.at(1), 60),
            status=fitting(clp.at(2), 3),
            charge=self.charge,
            paid=self.paid,
            patient_owes=sum(of_patient, NOTHING) if of_patient else self.owed,
            payer_claim_number=fitting(clp.at(7), 50),
            names=tuple(self.names.items()),
            less=tuple(self.less),
            lines=lines,
            unknown=tuple(self.unknown),
            remarks=tuple(dict.fromkeys(self.remarks)),
        )


@dataclass
class _Reader:
    """Takes the segments of an 835 in their order."""

    separators: Separators
    number: int = 0
    bpr: Segment | None = None
    total: Decimal = NOTHING
    trn: Segment = field(default_factory=lambda: Segment("TRN"))
    payer: Segment = field(default_factory=lambda: Segment("N1"))
    payee: Segment = field(default_factory=lambda: Segment("N1"))
    payee_numbers: dict[str, str] = field(default_factory=dict)
    produced_on: date | None = None
    claim: _Claim | None = None
    claims: list[PaidClaim] = field(default_factory=list)
    provider_less: list[ProviderLess] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def take(self, one: Segment) -> None:
        match one.tag:
            case "BPR":
                self.bpr = one
                self.total = self._money(one, 2) * (-1 if one.at(3) == "D" else 1)
            case "CLP":
                self._end_claim()
                self.claim = _Claim(one, self._money(one, 3), self._money(one, 4), self._money(one, 5))
            case "PLB":
                self._end_claim()
                self.provider_less.extend(self._provider_less(one))
            case "LX" | "TS3" | "TS2":
                self._end_claim()
            case _ if one.tag not in _KNOWN:
                kept = self.claim.unknown if self.claim else self.unknown
                kept.append(self._kept(one))
            case _ if self.claim is not None:
                self._of_claim(self.claim, one)
            case _:
                self._of_payment(one)

    def payment(self) -> Payment:
        self._end_claim()
        bpr = self.bpr or Segment("BPR")
        sent_on = day_of(bpr.at(16))
        return Payment(
            total=self.total,
            payer_name=fitting(self.payer.at(2), 80),
            payer_identifier=fitting(self.trn.at(3) or self.payer.at(4), 80),
            trace_number=fitting(self.trn.at(2), 60),
            method=fitting(bpr.at(4), 3),
            paid_on=sent_on or self.produced_on,
            claims=tuple(self.claims),
            provider_less=tuple(self.provider_less),
            unknown=tuple(self.unknown),
            is_day_made=sent_on is None and self.produced_on is not None,
            payee_name=fitting(self.payee.at(2), 80),
            payee_npi=self.payee_numbers.get("npi", "")[:10],
            payee_tax_id=self.payee_numbers.get("tax", ""),
        )

    def _end_claim(self) -> None:
        if self.claim is not None:
            self.claims.append(self.claim.done())
            self.claim = None

    def _of_payment(self, one: Segment) -> None:
        if one.tag == "TRN" and not self.trn.elements:
            self.trn = one
        elif one.tag == "N1" and one.at(1) == "PR":
            self.payer = one
        elif one.tag == "N1" and one.at(1) == "PE":
            self.payee = one
            self._of_payee(one.at(3), one.at(4))
        elif one.tag == "REF" and self.payee.elements:
            self._of_payee(one.at(1), one.at(2))
        elif one.tag == "DTM" and one.at(1) == "405":
            self.produced_on = day_of(one.at(2))

    def _of_payee(self, qualifier: str, number: str) -> None:
        if qualifier == _NPI:
            self.payee_numbers["npi"] = number
        elif qualifier in _TAX:
            self.payee_numbers["tax"] = digits_of(number)

    def _of_claim(self, claim: _Claim, one: Segment) -> None:
        if one.tag in _QUALIFIED and not _is_read(one):
            claim.unknown.append(self._kept(one))
            return
        match one.tag:
            case "NM1" if one.at(1) in _PEOPLE:
                claim.names.update(names_of(one, _PEOPLE[one.at(1)]))
            case "SVC":
                claim.lines.append(self._line(one, len(claim.lines)))
            case "CAS":
                (claim.lines[-1].less if claim.lines else claim.less).extend(self._less(one))
            case "MIA" | "MOA":
                said = (fitting(one.at(place), 10) for place in _REMARKS_AT[one.tag])
                claim.remarks.extend(code for code in said if code)
            case "DTM" if one.at(1) == "232" and not claim.lines:
                claim.service_on = day_of(one.at(2))
            case _ if claim.lines:
                self._of_line(claim.lines[-1], one)

    def _of_line(self, line: _Line, one: Segment) -> None:
        if one.tag == "DTM" and one.at(1) in ("472", "150"):
            line.service_on = line.service_on or day_of(one.at(2))
        elif one.tag == "REF" and one.at(1) == "6R":
            line.control = fitting(one.at(2), 60)
        elif one.tag == "AMT" and one.at(1) == "B6":
            line.allowed = self._money(one, 2)
        elif one.tag == "LQ" and one.at(2):
            line.remarks.append(fitting(one.at(2), 10))

    def _kept(self, one: Segment) -> str:
        """As it stood, but for a social security number."""
        if (one.tag, one.at(1)) == _SOCIAL_SECURITY:
            one = Segment(one.tag, one.elements[:1])
        return as_text(one, self.separators)[:500]

    def _line(self, one: Segment, before: int) -> _Line:
        if before >= _MOST_LINES:
            raise self._unfit("SVC", f"a claim has more than {_MOST_LINES} lines")
        if one.at(1) in _QUALIFIERS:
            # Some write the qualifier and the code as two elements.
            one = Segment("SVC", one.elements[1:])
        asked = self._code(one.at(6)) if one.at(6) else ""
        return _Line(self._code(one.at(1)), asked, self._money(one, 2), self._money(one, 3), _units(one.at(5)))

    def _code(self, composite: str) -> str:
        """The procedure of `HC:99492:U1`, whichever character parts it."""
        parts = composite.split(self.separators.part)
        if len(parts) > 1:
            return fitting(parts[1], 10)
        found = _COMPOSED.match(composite)
        return fitting(found[2] if found else composite, 10)

    def _less(self, one: Segment) -> Iterator[Less]:
        if one.at(1) not in _GROUPS:
            raise self._unfit("CAS", "no group of adjustments that an 835 has")
        for place in _TRIPLETS:
            reason = one.at(place)
            if len(reason) > _LONGEST_REASON:
                raise self._unfit("CAS", "a reason of adjustment is too long")
            if reason or one.at(place + 1):
                yield Less(one.at(1), reason, self._money(one, place + 1))

    def _provider_less(self, one: Segment) -> Iterable[ProviderLess]:
        for place in range(3, 15, 2):
            if one.at(place) or one.at(place + 1):
                reason, _, reference = one.at(place).partition(self.separators.part)
                yield ProviderLess(fitting(reason, 10), fitting(reference, 60), self._money(one, place + 1))

    def _money(self, one: Segment, place: int) -> Decimal:
        amount = money_of(one.at(place))
        if amount is None:
            raise self._unfit(one.tag, f"element {place} is no amount in dollars and cents")
        return amount

    def _unfit(self, tag: str, why: str) -> Unreadable:
        return Unreadable(f"Segment {self.number}, {tag}: {why}. Nothing was posted.")


def _is_read(one: Segment) -> bool:
    return (one.tag, one.at(1)) in _PASSED_OVER or (one.tag == "NM1" and one.at(1) in _PEOPLE)


def _units(text: str) -> Decimal | None:
    """How many were paid; None where it is not said, or no number that a line has."""
    amount = money_of(text) if text.strip() else None
    return amount if amount is not None and abs(amount) < 100_000 else None
