from caseload.models.imports import ImportFile, ImportMapping, ImportRow, ImportRun, ImportState
from caseload.models.standing import EpisodeStanding, SavedView
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
    "ImportMapping",
    "ImportRow",
    "ImportRun",
    "ImportState",
    "Mode",
    "Recommendation",
    "RecommendationKind",
    "SavedView",
    "StaffRole",
    "TimeEntry",
    "TimeService",
]
