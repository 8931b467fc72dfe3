from registry.models.episodes import (
    Assessment,
    CarePlan,
    Consent,
    ConsentForm,
    ConsentService,
    Diagnosis,
    EndReason,
    Episode,
    EpisodeStatus,
    InitiatingVisit,
    Program,
    ProgramPeriod,
)
from registry.models.facts import Fact, FactQuerySet, fact_wall
from registry.models.people import Coverage, Patient, Payer, Sex, TreatingClinician

__all__ = [
    "Assessment",
    "CarePlan",
    "Consent",
    "ConsentForm",
    "ConsentService",
    "Coverage",
    "Diagnosis",
    "EndReason",
    "Episode",
    "EpisodeStatus",
    "Fact",
    "FactQuerySet",
    "InitiatingVisit",
    "Patient",
    "Payer",
    "Program",
    "ProgramPeriod",
    "Sex",
    "TreatingClinician",
    "fact_wall",
]
