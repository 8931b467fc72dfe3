"""National payment amounts: relative value units times a conversion factor, by year, place and factor; each with its
source. What no source says is unknown.
"""

from billing.rules.fees.schedule import Conversion, FeesMisdefined, Schedule, national_amount, schedules

__all__ = ["Conversion", "FeesMisdefined", "Schedule", "national_amount", "schedules"]
