from billing.models.closes import ALONE_AFTER, FrozenMonth, LateChange, LateKind, MonthClose, MonthException
from billing.models.months import Batch, Claim, ClaimLine, ServiceMonth
from billing.models.profiles import AccessAlignment, OtherService, PayerProfile, PriorService

__all__ = [
    "ALONE_AFTER",
    "AccessAlignment",
    "Batch",
    "Claim",
    "ClaimLine",
    "FrozenMonth",
    "LateChange",
    "LateKind",
    "MonthClose",
    "MonthException",
    "OtherService",
    "PayerProfile",
    "PriorService",
    "ServiceMonth",
]
