from billing.models.months import Batch, Claim, ClaimLine, ServiceMonth
from billing.models.profiles import AccessAlignment, OtherService, PayerProfile, PriorService

__all__ = [
    "AccessAlignment",
    "Batch",
    "Claim",
    "ClaimLine",
    "OtherService",
    "PayerProfile",
    "PriorService",
    "ServiceMonth",
]
