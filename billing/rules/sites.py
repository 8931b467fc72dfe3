"""What claims say of a clinic: as a month's close keeps it, beside what holds now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from billing.rules.filing import bare_digits, clinic_faults
from registry.rules.identifiers import npi_fault

WORDS: Final = {
    "name": "Name",
    "npi": "NPI",
    "setting": "Kind of site",
    "place_of_service": "Place of service",
    "address": "Street",
    "city": "City",
    "state": "State",
    "postal_code": "ZIP",
}
_PARTS: Final = ("address", "city", "state", "postal_code")


@dataclass(frozen=True, slots=True)
class Site:
    """A clinic as claims name it; an empty text is not known."""

    name: str
    npi: str
    setting: str
    place_of_service: str
    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One thing that is said otherwise of the clinic by now."""

    words: str
    kept: str
    now: str


def stored_site(site: Site) -> dict[str, str]:
    """As a close keeps it."""
    return asdict(site)


def read_site(stored: Mapping[str, Any]) -> Site:
    """What a close keeps, whatever version wrote it."""
    return Site(**{one.name: str(stored.get(one.name, "")) for one in fields(Site)})


def told_site(kept: Site | None, now: Site) -> Site:
    """What claims of a closed month say: what was kept. Where nothing usable was, what holds now: an NPI that was
    missing or wrong, and an address that claims do not take, would keep every claim from leaving for good.
    """
    if kept is None:
        return now
    told = kept if is_usable(kept) else replace(kept, **{name: getattr(now, name) for name in _PARTS})
    return replace(told, npi=now.npi) if not kept.npi or npi_fault(kept.npi) else told


def is_usable(site: Site) -> bool:
    """Whether claims take the address, or none is told; the ZIP code with or without its dash."""
    parts = {name: getattr(site, name) for name in _PARTS}
    return not clinic_faults(parts | {"postal_code": bare_digits(site.postal_code)})


def site_changes(kept: Site | None, now: Site) -> tuple[SiteChange, ...]:
    """What the claims of a closed month say otherwise than the clinic's settings do by now."""
    told = told_site(kept, now)
    return tuple(
        SiteChange(words, getattr(told, name) or "none", getattr(now, name) or "none")
        for name, words in WORDS.items()
        if getattr(told, name) != getattr(now, name)
    )
