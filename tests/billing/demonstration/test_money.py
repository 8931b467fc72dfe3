"""The demonstration's money page by hand."""

from zoneinfo import ZoneInfo

from billing.models import Claim
from billing.queries.money import money_of
from tests.billing.money_by_hand import by_hand, on_page
from tests.billing.test_money_by_hand import expected_now


def test_the_demonstrations_money_is_what_its_rows_come_to(demonstration):
    claims = list(Claim.objects.filter(batch__is_test=False).order_by("batch__number", "number"))
    page = on_page(money_of(demonstration.id, "2026-09", "2026-09", ZoneInfo("America/New_York")))
    assert page == by_hand(claims, expected_now())
    assert (page.claims, page.lines_denied, page.reasons) == (len(claims), 1, {"97": 1})
