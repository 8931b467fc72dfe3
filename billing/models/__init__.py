from billing.models.closes import ALONE_AFTER, FrozenMonth, LateChange, LateKind, MonthClose, MonthException
from billing.models.decisions import CheckMode, CoderDecision, DecisionKind, ReleaseMode
from billing.models.months import Batch, Claim, ClaimLine, ServiceMonth
from billing.models.practice import BilledLine, FileState, LookBack, PracticeFile, PracticeRow
from billing.models.profiles import AccessAlignment, ClinicianYear, OtherService, PayerProfile, PriorService

__all__ = [
    "ALONE_AFTER",
    "AccessAlignment",
    "Batch",
    "BilledLine",
    "CheckMode",
    "Claim",
    "ClaimLine",
    "ClinicianYear",
    "CoderDecision",
    "DecisionKind",
    "FileState",
    "FrozenMonth",
    "LateChange",
    "LateKind",
    "LookBack",
    "MonthClose",
    "MonthException",
    "OtherService",
    "PayerProfile",
    "PracticeFile",
    "PracticeRow",
    "PriorService",
    "ReleaseMode",
    "ServiceMonth",
]
