"""The tools of a clinic: its own choice, or what holds where it chose nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import Max, Q

from registry.models import Assessment, ClinicInstrument, Episode
from registry.rules.instruments import INSTRUMENTS, Instrument, instrument
from registry.rules.tools import DEFAULT_RHYTHMS, WHEN_ASKED, Rhythm, ScoreDue, in_order, scores_due_by


@dataclass(frozen=True)
class Tool:
    """A tool as a clinic uses it. `attested_by` is who said that the site has a licence for its wording."""

    instrument: Instrument
    rhythm: Rhythm = WHEN_ASKED
    is_in_use: bool = False
    is_sent_to_patients: bool = False
    attested_by: str = ""
    attested_at: datetime | None = None

    @property
    def key(self) -> str:
        return self.instrument.key

    @property
    def takes_items(self) -> bool:
        """Whether its answers are entered one by one here; else only its total."""
        return self.instrument.takes_items(is_attested=self.attested_at is not None)


def tools_of(clinic_id: UUID) -> tuple[Tool, ...]:
    """The tools that a clinic uses, the PHQ-9 and the GAD-7 first; these two where it chose none. One statement."""
    return tuple(tool for tool in all_tools_of(clinic_id) if tool.is_in_use)


def all_tools_of(clinic_id: UUID) -> tuple[Tool, ...]:
    """Every tool there is, as the clinic uses it or not, in the order of `tools_of`. One statement."""
    found = ClinicInstrument.objects.filter(clinic_id=clinic_id).select_related("licence_attested_by")
    rows = {row.instrument: row for row in found}
    return tuple(_tool(instrument(key), rows) for key in in_order(INSTRUMENTS))


def tools_sent_to_patients(clinic_id: UUID) -> tuple[Tool, ...]:
    """Those in use that patients may answer themselves: with a wording here, and meant to be sent. One statement."""
    return tuple(tool for tool in tools_of(clinic_id) if tool.is_sent_to_patients and tool.instrument.may_be_sent)


def state_of(tools: Iterable[Tool]) -> str:
    """A short word for how tools are used, which is another one once anything of it changes."""
    said = "|".join(
        f"{tool.key},{tool.rhythm.early_days},{tool.rhythm.later_days},"
        f"{tool.is_in_use},{tool.is_sent_to_patients},{tool.attested_at}"
        for tool in sorted(tools, key=lambda tool: tool.key)
    )
    return sha256(said.encode()).hexdigest()[:16]


def scores_due(episode: Episode, tools: Iterable[Tool]) -> tuple[ScoreDue, ...]:
    """Those of a clinic's `tools` in use that it asks for regularly, with when each is due in an episode.

    None once the episode has ended. A PHQ-A counts for the PHQ-9. One statement.
    """
    if episode.ended_on is not None:
        return ()
    rhythms = [(tool.instrument, tool.rhythm) for tool in tools if tool.is_in_use]
    return scores_due_by(rhythms, enrolled_on=episode.enrolled_on, last_scored=_last_scored(episode))


def rhythms_chosen(
    rows: Collection[tuple[str, bool, int | None, int | None]],
) -> tuple[tuple[Instrument, Rhythm], ...]:
    """The regular tools of a clinic by its stored choices (key, in use or not, days at first, days later), in order.

    What holds where a clinic chose nothing, for no rows. For statements that read the choices of many clinics.
    """
    chosen = {key: Rhythm(early, later) for key, is_in_use, early, later in rows if is_in_use}
    held = chosen if rows else DEFAULT_RHYTHMS
    return tuple((instrument(key), held[key]) for key in in_order(held))


def _last_scored(episode: Episode) -> dict[str, date]:
    """The last day with a total or a tier since enrolment, by instrument."""
    of_patient = Assessment.objects.live().filter(patient_id=episode.patient_id, on__gte=episode.enrolled_on)
    said = of_patient.filter(Q(total__isnull=False) | Q(detail__tier__isnull=False))
    return dict(said.order_by().values_list("instrument").annotate(Max("on")))


def _tool(scale: Instrument, rows: dict[str, ClinicInstrument]) -> Tool:
    row = rows.get(scale.key)
    if row is None:
        is_default = not rows and scale.key in DEFAULT_RHYTHMS
        rhythm = DEFAULT_RHYTHMS[scale.key] if is_default else WHEN_ASKED
        return Tool(scale, rhythm, is_in_use=is_default, is_sent_to_patients=is_default)
    return Tool(
        scale,
        Rhythm(row.early_days, row.later_days),
        is_in_use=row.is_in_use,
        is_sent_to_patients=row.is_sent_to_patients,
        attested_by=str(row.licence_attested_by) if row.licence_attested_by else "",
        attested_at=row.licence_attested_at,
    )
