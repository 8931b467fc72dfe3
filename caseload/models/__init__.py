from caseload.models.imports import ImportFile, ImportRow, ImportRun, ImportState
from caseload.models.standing import EpisodeStanding
from caseload.models.work import (
    Activity,
    CaseReview,
    Contact,
    FollowUp,
    Mode,
    Recommendation,
    RecommendationKind,
    StaffRole,
    TimeEntry,
    TimeService,
)

__all__ = [
    "Activity",
    "CaseReview",
    "Contact",
    "EpisodeStanding",
    "FollowUp",
    "ImportFile",
    "ImportRow",
    "ImportRun",
    "ImportState",
    "Mode",
    "Recommendation",
    "RecommendationKind",
    "StaffRole",
    "TimeEntry",
    "TimeService",
]
