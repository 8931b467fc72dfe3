"""Pages about an organization's people, below /o/<slug>/people/."""

from django.urls import path

from bhi.accounts.views import access_reviews, people, seats

urlpatterns = [
    path("", people.people, name="people"),
    path("access-reviews/", access_reviews.access_reviews, name="access_reviews"),
    path("access-reviews/sign/", access_reviews.access_review_sign, name="access_review_sign"),
    path("access-reviews/<slug:quarter>/", access_reviews.access_review, name="access_review"),
    path("invite/", people.invitation_new, name="invitation_new"),
    path("invitations/<uuid:invitation_id>/again/", people.invitation_again, name="invitation_again"),
    path("invitations/<uuid:invitation_id>/withdraw/", people.invitation_withdraw, name="invitation_withdraw"),
    path("<uuid:seat_id>/", seats.seat, name="seat"),
    path("<uuid:seat_id>/access/", seats.seat_access, name="seat_access"),
    path("<uuid:seat_id>/name/", seats.seat_person, name="seat_person"),
    path("<uuid:seat_id>/credentials/", seats.seat_credential, name="seat_credential"),
    path(
        "<uuid:seat_id>/credentials/<uuid:credential_id>/void/",
        seats.seat_credential_void,
        name="seat_credential_void",
    ),
    path("<uuid:seat_id>/leave/", seats.seat_leave, name="seat_leave"),
    path("<uuid:seat_id>/leave/<uuid:leave_id>/end/", seats.seat_leave_end, name="seat_leave_end"),
    path("<uuid:seat_id>/return/", seats.seat_return, name="seat_return"),
]
