"""Who may ask what of outcomes' addresses: the part of the access table (access.py) that is below them."""

from __future__ import annotations

from typing import Final

from tests.walls.access_kinds import ADMIN, CM, LEAD, Url
from tests.walls.made_outcomes import measured_months, measuring, one_measure

LEADING: Final = frozenset({LEAD, ADMIN})
NAMING: Final = frozenset({CM, LEAD})
CARRYING: Final = frozenset({CM})

OF_OUTCOMES: Final[dict[str, Url]] = {
    # the dashboard, its measures and who is behind them
    "outcomes": Url(LEADING, made=measured_months),
    "measures": Url(LEADING, made=measured_months),
    "measure": Url(LEADING, made=one_measure),
    "measure_patients": Url(NAMING, made=one_measure, shows="count"),
    "own_outcomes": Url(CARRYING, made=measured_months),
    "own_measure": Url(CARRYING, made=one_measure),
    "measure_now": Url(LEADING, get=None, post=302),
    "measure_making": Url(LEADING, made=measuring),
    # capacity, caseloads, equity, consultants' hours
    "capacity": Url(LEADING),
}
