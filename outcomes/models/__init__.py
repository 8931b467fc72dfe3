from outcomes.models.experience import ExperienceAsked
from outcomes.models.measured import (
    Grouped,
    MeasuredAdvice,
    MeasuredEpisode,
    MeasuredMonth,
    MeasuredReferral,
    PayerClass,
)
from outcomes.models.reports import OutcomeReport, ReportKind, ReportReader, ReportSchedule
from outcomes.models.screening import ScreenedVisit, ScreeningFile, ScreeningState
from outcomes.models.settings import ConsultantRate, MeasureTarget, OutcomeSettings, PayerClassed, WorkShare

__all__ = [
    "ConsultantRate",
    "ExperienceAsked",
    "Grouped",
    "MeasureTarget",
    "MeasuredAdvice",
    "MeasuredEpisode",
    "MeasuredMonth",
    "MeasuredReferral",
    "OutcomeReport",
    "OutcomeSettings",
    "PayerClass",
    "PayerClassed",
    "ReportKind",
    "ReportReader",
    "ReportSchedule",
    "ScreenedVisit",
    "ScreeningFile",
    "ScreeningState",
    "WorkShare",
]
