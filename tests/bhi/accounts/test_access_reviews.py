"""Once a quarter a lead looks through who may do what and signs: the list stays as it was."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.html import escape

from bhi.accounts.errors import ReviewChanged, ReviewSigned
from bhi.accounts.models import AccessReview
from bhi.accounts.operations.access import set_access
from bhi.accounts.operations.access_reviews import LinesOpen, keep_access_review, sign_access_review
from bhi.accounts.queries.access_reviews import quarter_of, quarter_words, review_due, review_of, reviews_listed
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from tests.factories.going_live import SeatCredentialFactory, SeatLeaveFactory
from tests.factories.tenancy import NOW, MembershipFactory

TODAY, QUARTER = date(2026, 3, 2), date(2026, 1, 1)


@pytest.fixture
def lead(in_tenant, membership):
    return membership("clinic_lead", name="Lena Lead")


@pytest.fixture
def seat(in_tenant, membership):
    return membership("care_manager", name="Rosa Lind", user__last_login=NOW)


def shown(lead):
    return review_of(lead.organization_id, QUARTER, today=TODAY)


def sign(lead, *, at=NOW, fingerprint="", **decided):
    chosen = {one.seat: ("keep", "") for one in shown(lead).lines} | decided
    known = fingerprint or shown(lead).fingerprint
    return sign_access_review(by=lead, at=at, today=TODAY, chosen=chosen, fingerprint=known)


@pytest.mark.parametrize(
    ("day", "quarter", "words"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), "January to March 2026"),
        (date(2026, 3, 31), date(2026, 1, 1), "January to March 2026"),
        (date(2026, 4, 1), date(2026, 4, 1), "April to June 2026"),
        (date(2026, 12, 31), date(2026, 10, 1), "October to December 2026"),
    ],
)
def test_quarters(day, quarter, words):
    assert (quarter_of(day), quarter_words(quarter)) == (quarter, words)


def test_lists_everybody_with_what_is_to_note(lead, seat):
    SeatCredentialFactory(organization=lead.organization, seat=seat, until_on=date(2026, 3, 20))
    SeatCredentialFactory(
        organization=lead.organization, seat=seat, name="RN", from_on=date(2025, 1, 1), until_on=date(2026, 3, 1)
    )
    SeatLeaveFactory(organization=lead.organization, seat=seat, from_on=TODAY)
    MembershipFactory(organization=lead.organization, is_active=False)
    lines = shown(lead).lines
    assert [(one.name, one.roles, one.clinics, one.last_sign_in, one.notes) for one in lines] == [
        ("Lena Lead", ("Clinic lead",), (), "", ()),
        (
            "Rosa Lind",
            ("Care manager",),
            (),
            "2026-03-02",
            ("RN ended Mar 1, 2026", "LCSW ends Mar 20, 2026", "On leave"),
        ),
    ]


def test_is_due_until_it_is_signed(lead):
    assert review_due(lead.organization_id, NOW) == QUARTER
    sign(lead)
    assert review_due(lead.organization_id, NOW) is None
    assert review_due(lead.organization_id, NOW + timedelta(days=40)) == date(2026, 4, 1)


def test_stays_as_it_was_signed(lead, seat, membership):
    row = sign(lead, **{str(seat.id): ("end", "Left in January")})
    Membership.objects.filter(id=seat.id).update(roles=["admin"], name="Changed")
    line = next(one for one in shown(lead).lines if one.seat == str(seat.id))
    assert (line.name, line.roles, line.words, line.reason) == (
        "Rosa Lind",
        ("Care manager",),
        "End",
        "Left in January",
    )
    assert (row.signed_as, row.signed_by_id, row.signed_at) == ("Lena Lead", lead.id, NOW)
    with pytest.raises(ReviewSigned):
        sign(lead)
    with pytest.raises(ReviewSigned):
        keep_access_review(by=lead, at=NOW, today=TODAY, chosen={})


def test_postgres_refuses_to_change_what_was_signed(lead):
    row = sign(lead)
    with pytest.raises(IntegrityError, match="A signed access review stays as it is"), transaction.atomic():
        AccessReview.objects.filter(id=row.id).update(lines=[])
    assert len(AccessReview.objects.get().lines) == 1


def test_what_is_to_end_is_to_do_until_it_ended(lead, seat):
    sign(lead, **{str(seat.id): ("end", "Left"), str(lead.id): ("change", "No billing")})
    (review,) = reviews_listed(lead.organization_id)
    assert ([one.name for one in review.to_do], [one.name for one in review.to_change]) == (
        ["Rosa Lind"],
        ["Lena Lead"],
    )
    Membership.objects.filter(id=seat.id).update(is_active=False)
    assert reviews_listed(lead.organization_id)[0].to_do == ()


@pytest.mark.parametrize("decided", [("", ""), ("end", " "), ("change", ""), ("nonsense", "why")])
def test_every_seat_needs_a_decision_and_every_change_a_reason(lead, seat, decided):
    with pytest.raises(LinesOpen) as refused:
        sign(lead, **{str(seat.id): decided})
    assert refused.value.seats == {str(seat.id)}


def test_access_that_changed_meanwhile_is_looked_at_again(lead, seat):
    seen = shown(lead).fingerprint
    set_access(by=lead, at=NOW, seat_id=seat.id, roles=[Role.ADMIN], clinics=frozenset())
    with pytest.raises(ReviewChanged):
        sign(lead, fingerprint=seen)


def test_what_was_chosen_waits_for_the_next_sitting(lead, seat):
    keep_access_review(by=lead, at=NOW, today=TODAY, chosen={str(seat.id): ("end", "Left")})
    assert [(one.decision, one.reason) for one in shown(lead).lines] == [("", ""), ("end", "Left")]
    assert AccessReview.objects.get().signed_at is None
    with pytest.raises(LinesOpen):
        sign(lead, **{str(lead.id): ("", "")})


def test_a_quarter_that_was_never_begun_is_not_there(lead):
    with pytest.raises(NotFound):
        review_of(lead.organization_id, date(2025, 10, 1), today=TODAY)


@pytest.mark.usefixtures("at_now")
class TestPages:
    BASE = "/o/lakeside/people/access-reviews/"

    def test_a_lead_signs_and_an_admin_carries_it_out(self, client_for, seat):
        lead, admin = client_for("clinic_lead"), client_for("admin")
        page = lead.get(f"{self.BASE}2026-01-01/")
        print_of = page.context["shown"].fingerprint
        assert admin.get(f"{self.BASE}2026-01-01/").status_code == 404
        form = {f"decision-{one.seat}": "keep" for one in page.context["shown"].lines}
        form |= {"fingerprint": print_of, f"decision-{seat.id}": "end"}
        refused = lead.post(f"{self.BASE}sign/", form)
        assert (refused.status_code, "Say why." in refused.content.decode()) == (422, True)
        answer = lead.post(f"{self.BASE}sign/", {**form, f"reason-{seat.id}": "Left"})
        assert answer.headers["Location"] == f"{self.BASE}2026-01-01/"
        assert "An admin ends the work of Rosa Lind" in lead.get(f"{self.BASE}2026-01-01/").content.decode()
        assert f"/o/lakeside/people/{seat.id}/end/" in admin.get(f"{self.BASE}2026-01-01/").content.decode()
        assert "January to March 2026" in admin.get(self.BASE).content.decode()
        again = lead.post(f"{self.BASE}sign/", form)
        assert again.headers["Location"] == f"{self.BASE}2026-01-01/"

    def test_kept_for_later(self, client_for, seat):
        lead = client_for("clinic_lead")
        form = {f"decision-{seat.id}": "change", f"reason-{seat.id}": "Less & less", "do": "keep"}
        assert lead.post(f"{self.BASE}sign/", form).status_code == 302
        assert escape("Less & less") in lead.get(f"{self.BASE}2026-01-01/").content.decode()

    @pytest.mark.parametrize("quarter", ["2025-10-01", "nonsense", "2026-13-01"])
    def test_no_such_quarter(self, client_for, in_tenant, quarter):
        assert client_for("clinic_lead").get(f"{self.BASE}{quarter}/").status_code == 404

    def test_a_long_list_is_looked_through_page_by_page_and_signed_whole(self, client_for, in_tenant, membership):
        lead = client_for("clinic_lead")
        for number in range(120):
            membership("care_manager", name=f"Person {number:03}")
        url = f"{self.BASE}2026-01-01/"
        first = lead.get(url)
        second = lead.get(f"{url}?page=2")
        of_first, of_second = first.context["cut"].rows, second.context["cut"].rows
        assert (len(of_first), len(of_first) + len(of_second)) == (100, len(first.context["shown"].lines))
        print_of = first.context["shown"].fingerprint
        said = {f"decision-{one.seat}": "keep" for one in of_second} | {"fingerprint": print_of, "page": "2"}
        early = lead.post(f"{self.BASE}sign/", said)
        assert (early.status_code, early.context["cut"].number) == (422, 1)
        of_all = {f"decision-{one.seat}": "keep" for one in of_first} | {"page": "1", "do": "next"}
        assert lead.post(f"{self.BASE}sign/", of_all).headers["Location"] == f"{url}?page=2"
        kept = lead.get(f"{url}?page=2")
        assert kept.context["undecided"] == 0
        assert lead.post(f"{self.BASE}sign/", {"fingerprint": print_of, "page": "2"}).headers["Location"] == url
        signed = lead.get(url)
        assert (len(signed.context["cut"].rows), signed.context["cut"].total) == (100, len(of_first) + len(of_second))
        assert len(lead.get(f"{url}?page=all").context["cut"].rows) == len(of_first) + len(of_second)
        assert {one.decision for one in signed.context["shown"].lines} == {"keep"}
