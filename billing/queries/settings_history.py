"""The tables of settings that billing goes by. Tax numbers and identifiers of partners are not told."""

from __future__ import annotations

from typing import Final

from billing.models import CheckMode, ServiceDayPolicy
from billing.rules.payer_options import families
from billing.rules.release import CHECKS_BY_WORD
from registry.rules.settings_history import SettingTable

TABLES: Final = (
    SettingTable(
        "payer", "Rules of a payer",
        "What its patients' months bill from that day on; months that are closed stay as they are.",
        "billing_payerprofile",
        {"book": "Rule book", "options": "Differs in", "from_on": "From", "because": "On whose word",
         "attestation": "Attested", "authorization": "Authorized before",
         "authorization_after_months": "Authorized after, months", "cost_share": "The patient pays"},
        at="set_at", by="set_by_id", ends=("withdrawn_at", "withdrawn_by_id"), about="payer_id",
        said={"book": dict(families())},
    ),
    SettingTable(
        "release", "Release check", "Whether a month is held back for it, or it is only noted.", "billing_releasemode",
        {"check_name": "Check", "mode": "Does"},
        said={"mode": {str(key): str(word) for key, word in CheckMode.choices},
              "check_name": {word: check.title for word, check in CHECKS_BY_WORD.items()}},
    ),
    SettingTable(
        "provider", "Who files claims", "What claims say of who bills; claims that left stay as they are.",
        "billing_billingprovider",
        {"name": "Name", "given_name": "Given name",
         "npi": "NPI", "address": "Address", "city": "City", "state": "State", "postal_code": "ZIP",
         "contact_name": "Contact", "is_test": "Files are tests"},
    ),
    SettingTable(
        "receiver", "Clearinghouse", "Where files go.", "billing_receiver",
        {"is_in_use": "In use", "is_test": "Files are tests"}, about="name"
    ),
    SettingTable(
        "route", "How a payer is filed with", "By whom, dated how and until when its claims leave.",
        "billing_payerroute",
        {"service_day": "Day of service", "filing_days": "Filed within, days",
         "corrected_days": "Corrected within, days", "appeal_days": "Appealed within, days", "address": "Address",
         "city": "City", "state": "State", "postal_code": "ZIP"},
        about="payer_id", said={"service_day": {str(key): str(word) for key, word in ServiceDayPolicy.choices}},
    ),
    SettingTable(
        "charge", "Charge", "What claims ask for one unit of a code from that day on.", "billing_chargefee",
        {"from_on": "From", "amount": "Dollars"}, at="recorded_at", by="recorded_by_id",
        ends=("voided_at", "voided_by_id"), has_history=False, about="code",
    ),
    SettingTable(
        "columns", "Columns of charge sheets", "What tables of charges hold.", "billing_chargecolumns",
        {"columns": "Columns"},
    ),
    SettingTable(
        "year", "Clinician's conversion factor", "By which factor Medicare pays in that year.", "billing_clinicianyear",
        {"year": "Year", "is_qualifying": "Qualifying"}, about="clinician_id",
    ),
)  # fmt: skip
