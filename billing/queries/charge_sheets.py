"""The charges of a closed month, for the practice's own system: what to key, what is expected, what is posted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from billing.models import ChargeColumns, ChargePosted, Claim, FrozenMonth
from billing.queries.claimable import Billable
from billing.queries.fees import FeeTable, fee_table, placed_of
from billing.queries.filing_facts import Prepared, claims_of, filing_plan
from billing.queries.filing_settings import billing_provider
from billing.rules.charge_sheet import USUAL, Chosen, SheetLine, cells, for_batch, header
from billing.rules.expected import NOT_KNOWN, ExpectedAmount, added
from billing.rules.x12.filed import FiledClaim
from caseload.rules.clock import first_day


@dataclass(frozen=True, slots=True)
class PostedShown:
    """A charge that was entered into the practice's own system: its number there, when and by whom."""

    id: UUID
    number: str
    on: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One patient's closed month as a charge. `filed_in` names the batch that it left in, as 837P or as a table: then
    it is not posted here. `is_changed` says that the month was corrected after it was posted.
    """

    episode_id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    claim: FiledClaim
    expected: ExpectedAmount
    of_lines: tuple[ExpectedAmount, ...]
    posted: PostedShown | None
    filed_in: int | None
    is_institutional: bool
    is_changed: bool
    clinic_npi: str = ""

    @property
    def is_to_post(self) -> bool:
        return self.posted is None and self.filed_in is None and not self.is_refused

    @property
    def is_part_two(self) -> bool:
        """Whether the record is marked under 42 CFR part 2."""
        return bool(self.claim.support.part_two)

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it may leave for payment: it stands in no file, and is not keyed."""
        return self.claim.support.part_two == "refused"


@dataclass(frozen=True, slots=True)
class ChargeSheet:
    """A month's charges by patient. `still_open` bill at clinics whose month is not closed; `to_correct` wait."""

    rows: tuple[ChargeRow, ...]
    still_open: int
    to_correct: int
    billing_npi: str

    @property
    def to_post(self) -> int:
        return sum(row.is_to_post for row in self.rows)

    @property
    def posted(self) -> int:
        return sum(row.posted is not None for row in self.rows)

    @property
    def refused(self) -> int:
        """How many wait for a consent under 42 CFR part 2."""
        return sum(row.is_refused for row in self.rows)

    @property
    def filed(self) -> int:
        return sum(row.filed_in is not None for row in self.rows)


def charge_sheet(
    organization_id: UUID, month: str, *, at: datetime, episode_ids: Collection[UUID] | None = None
) -> ChargeSheet:
    """The charges of a month, or of some of its episodes, by patient. A constant number of statements."""
    plan = filing_plan(organization_id, month, at=at, has_seen_papers=True, even_claimed=True, episode_ids=episode_ids)
    prepared = [
        one for payer in plan.payers for one in (*payer.ready, *payer.to_mend, *payer.institutional, *payer.unseen)
    ]
    prepared.sort(key=lambda one: (one.billable.episode.patient.sort_name, str(one.billable.episode.id)))
    ground = _ground(organization_id, month, prepared)
    provider = billing_provider(organization_id)
    return ChargeSheet(
        rows=tuple(_row(one, ground) for one in prepared),
        still_open=plan.still_open,
        to_correct=plan.to_correct,
        billing_npi=provider.npi if provider else "",
    )


def charge_row(organization_id: UUID, month: str, episode_id: UUID, *, at: datetime) -> ChargeRow:
    """One patient's charge. Raises NotFound where the month is not closed or asks for nothing."""
    sheet = charge_sheet(organization_id, month, at=at, episode_ids=[episode_id])
    if not sheet.rows:
        raise NotFound
    return sheet.rows[0]


def charge_columns(organization_id: UUID) -> Chosen:
    """The columns of the organization's charge file; the usual ones where nobody chose."""
    return _chosen(organization_id) or USUAL


def batch_columns(organization_id: UUID) -> Chosen:
    """The columns of a batch's table: those of the charge file where somebody chose them."""
    return for_batch(_chosen(organization_id))


def _chosen(organization_id: UUID) -> Chosen | None:
    row = ChargeColumns.objects.filter(organization_id=organization_id).first()
    return None if row is None else tuple((key, heading) for key, heading in row.columns)


def charge_file(columns: Chosen, sheet: ChargeSheet) -> tuple[list[str], list[list[str | int | Decimal | date | None]]]:
    """The heading and the rows of the file: one for each line. Not those that 42 CFR part 2 holds here."""
    leaving = [row for row in sheet.rows if not row.is_refused]
    rows = [cells(columns, line) for row in leaving for line in sheet_lines(row, sheet.billing_npi)]
    return header(columns), rows


def sheet_lines(row: ChargeRow, billing_npi: str) -> list[SheetLine]:
    """The lines of one charge with what stands around them."""
    number = row.posted.number if row.posted else ""
    return _lines(row.claim, row.of_lines, row.mrn, billing_npi, row.clinic_npi, posted_number=number)


def batch_lines(
    organization_id: UUID, billable: Sequence[Billable], *, at: datetime
) -> list[tuple[FiledClaim, list[SheetLine]]]:
    """Months that can be claimed as a batch's table has them, in the order given: each as its claim says it, and its
    lines. A constant number of statements, where no payer dates claims by the day on which the minutes were reached.
    """
    provider, fees = billing_provider(organization_id), fee_table(organization_id)
    npi = provider.npi if provider else ""
    claims = zip(billable, claims_of(organization_id, billable, at=at), strict=True)
    return [
        (claim, _lines(claim, _expected(one, claim.service_on, fees), one.episode.patient.mrn, npi, one.site.npi))
        for one, claim in claims
    ]


def _lines(
    claim: FiledClaim,
    of_lines: Sequence[ExpectedAmount],
    mrn: str,
    billing_npi: str,
    clinic_npi: str,
    *,
    posted_number: str = "",
) -> list[SheetLine]:
    return [
        SheetLine(claim, line, mrn, billing_npi, expected.expected, expected.is_estimate, posted_number, clinic_npi)
        for line, expected in zip(claim.lines, of_lines, strict=True)
    ]


def posted_of(organization_id: UUID, month: str, posted_id: UUID) -> ChargePosted:
    """One tick, also one that was taken back. Raises NotFound."""
    rows = ChargePosted.objects.filter(organization_id=organization_id, month=first_day(month), id=posted_id)
    found: ChargePosted | None = rows.select_related("patient").first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class _Ground:
    posted: Mapping[UUID, ChargePosted]
    names: Mapping[UUID, str]
    filed: Mapping[UUID, int]
    frozen_at: Mapping[UUID, datetime]
    fees: FeeTable


def _ground(organization_id: UUID, month: str, prepared: Collection[Prepared]) -> _Ground:
    on = first_day(month)
    posted = ChargePosted.objects.live().filter(organization_id=organization_id, month=on)
    filed = Claim.objects.filter(organization_id=organization_id, month=on, is_superseded=False)
    frozen = FrozenMonth.objects.filter(
        organization_id=organization_id, id__in=[one.billable.basis.frozen_id for one in prepared]
    )
    return _Ground(
        posted={row.episode_id: row for row in posted},
        names={id_: str(seat) for id_, seat in people_of(organization_id).items()},
        filed=dict(filed.values_list("patient_id", "batch__number")),
        frozen_at=dict(frozen.values_list("id", "frozen_at")),
        fees=fee_table(organization_id),
    )


def _row(one: Prepared, ground: _Ground) -> ChargeRow:
    episode, basis = one.billable.episode, one.billable.basis
    posted = ground.posted.get(episode.id)
    of_lines = _expected(one.billable, one.claim.service_on, ground.fees)
    frozen_at = ground.frozen_at.get(basis.frozen_id) if basis.frozen_id else None
    return ChargeRow(
        episode_id=episode.id,
        patient_id=episode.patient_id,
        patient_name=one.patient_name,
        mrn=episode.patient.mrn,
        claim=one.claim,
        expected=added(of_lines),
        of_lines=of_lines,
        posted=_posted(posted, ground.names) if posted else None,
        filed_in=ground.filed.get(episode.patient_id),
        is_institutional=one.is_institutional,
        is_changed=posted is not None and frozen_at is not None and frozen_at > posted.recorded_at,
        clinic_npi=one.billable.site.npi,
    )


def _expected(one: Billable, on: date, fees: FeeTable) -> tuple[ExpectedAmount, ...]:
    placed = placed_of(
        one.basis.facts,
        one.basis.book,
        payer_id=one.payer.id,
        clinic_id=one.episode.clinic_id,
        clinician_id=one.clinician.id if one.clinician else None,
        on=on,
    )
    if placed is None:
        return (NOT_KNOWN,) * len(one.lines)
    return tuple(fees.expected(placed, line.code, line.units, line.amount) for line in one.lines)


def _posted(row: ChargePosted, names: Mapping[UUID, str]) -> PostedShown:
    return PostedShown(row.id, row.number, row.on, names[row.recorded_by_id], row.recorded_at)
