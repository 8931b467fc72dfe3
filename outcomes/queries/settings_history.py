"""The tables of settings that measures and reports go by."""

from __future__ import annotations

from typing import Final

from outcomes.models import PayerClass, ReportKind
from outcomes.rules.measures import MEASURES
from registry.rules.settings_history import SettingTable

_FACT: Final = {
    "at": "recorded_at",
    "by": "recorded_by_id",
    "ends": ("voided_at", "voided_by_id"),
    "has_history": False,
}

TABLES: Final = (
    SettingTable(
        "outcomes",
        "Measures: months and reports",
        "What reports hide from then on, when months are frozen, and the capacity calculator; reports that were made "
        "stay as they are.",
        "outcomes_outcomesettings",
        {
            "mask_under": "Counts hidden under",
            "freeze_day": "Frozen from day",
            "productive_percent": "Productive, percent",
        },
    ),
    SettingTable(
        "target",
        "Target of a measure",
        "Against what the measure is held from that month on.",
        "outcomes_measuretarget",
        {"measure": "Measure", "from_month": "From", "target": "Target"},
        said={"measure": {one.key: one.title for one in MEASURES}},
        **_FACT,  # type: ignore[arg-type]
    ),
    SettingTable(
        "work_share",
        "Share of a full-time post",
        "Patients per full-time care manager, and capacity.",
        "outcomes_workshare",
        {"from_on": "From", "fte": "Share"},
        about="membership_id",
        **_FACT,  # type: ignore[arg-type]
    ),
    SettingTable(
        "consultant_rate",
        "Consultant’s hourly rate",
        "The sheet of consultants’ hours from that day on.",
        "outcomes_consultantrate",
        {"from_on": "From", "hourly": "Dollars"},
        about="membership_id",
        **_FACT,  # type: ignore[arg-type]
    ),
    SettingTable(
        "payer_class",
        "Kind of coverage",
        "By which payer months are measured from then on; frozen months stay.",
        "outcomes_payerclassed",
        {"payer_class": "Kind"},
        about="payer_id",
        said={"payer_class": {str(key): str(word) for key, word in PayerClass.choices}},
    ),
    SettingTable(
        "report_schedule",
        "Report every month",
        "What is made, and told of, when a month is frozen.",
        "outcomes_reportschedule",
        {"kind": "Report", "is_current": "In force"},
        clinic="clinic_id",
        about="payer_id",
        said={"kind": {str(key): str(word) for key, word in ReportKind.choices}},
    ),
)
