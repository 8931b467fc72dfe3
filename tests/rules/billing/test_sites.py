"""What claims of a closed month say of its clinic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.rules.sites import Site, SiteChange, read_site, site_changes, stored_site, told_site

KEPT = Site("Annex", "1003000126", "office", "11", "7 Oak Ave", "Aurora", "CO", "800101234")
NOW = Site("Annex", "1093817462", "rhc", "72", "9 Elm St", "Denver", "CO", "802021234")


def test_what_was_kept_is_told() -> None:
    assert told_site(KEPT, NOW) == KEPT
    assert told_site(None, NOW) == NOW
    assert read_site(stored_site(KEPT)) == KEPT
    assert read_site({"name": "Annex", "unheard": 1}) == Site("Annex", "", "", "")


@pytest.mark.parametrize("npi", ["", "123", "1003000127"])
def test_a_missing_or_wrong_npi_gives_way(npi: str) -> None:
    assert told_site(replace(KEPT, npi=npi), NOW) == replace(KEPT, npi=NOW.npi)


@pytest.mark.parametrize(
    "part", [{"city": ""}, {"postal_code": "80010"}, {"postal_code": "800100000"}, {"address": "PO Box 7"}]
)
def test_an_address_that_claims_do_not_take_gives_way(part: dict[str, str]) -> None:
    assert told_site(replace(KEPT, **part), NOW) == replace(
        KEPT, address=NOW.address, city=NOW.city, state=NOW.state, postal_code=NOW.postal_code
    )


def test_a_dash_in_the_zip_does_no_harm() -> None:
    dashed = replace(KEPT, postal_code="80010-1234")
    assert told_site(dashed, NOW) == dashed


def test_no_address_stays_none() -> None:
    none = replace(KEPT, address="", city="", state="", postal_code="")
    assert told_site(none, NOW) == none


def test_changes_are_what_claims_say_otherwise() -> None:
    assert site_changes(KEPT, KEPT) == site_changes(None, NOW) == ()
    assert site_changes(replace(KEPT, address="", city="", state="", postal_code=""), KEPT)[0] == SiteChange(
        "Street", "none", "7 Oak Ave"
    )
    assert [one.words for one in site_changes(KEPT, NOW)] == [
        "NPI", "Kind of site", "Place of service", "Street", "City", "ZIP",
    ]  # fmt: skip
