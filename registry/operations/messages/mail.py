"""E-mail."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, override

SAFETY_SUBJECT = "Someone needs you"
SAFETY_BODY = """\
Open the safety list and take it on, or somebody else will be called in 15 minutes:

{address}

This message says nothing about whom it concerns on purpose. You get it because you are on duty.
"""


EMERGENCY_SUBJECT = "A record was opened in an emergency"
EMERGENCY_LATE_SUBJECT = "An emergency access waits to be looked at"
EMERGENCY_BODY = """\
{what}:

{address}

This message says nothing about whom it concerns on purpose. You get it because you look at emergency access.
"""


def tell_of_emergency(*, to: str, organization_slug: str, is_late: bool) -> None:
    """Tell a lead that a record was opened in an emergency, or that nobody has looked at it for three days."""
    address = settings.ADDRESS + reverse("emergencies", args=[organization_slug])
    what = "Nobody has looked at it for three days. Please do" if is_late else "See who opened it and why"
    subject = EMERGENCY_LATE_SUBJECT if is_late else EMERGENCY_SUBJECT
    send_mail(subject, EMERGENCY_BODY.format(what=what, address=address), None, [to])


def send_link_by_email(*, to: str, link: str, language: str, until: date) -> None:
    """Send a patient the link to a questionnaire, in neutral words of their language."""
    with override(language):
        body = render_to_string("patient/link_message.txt", {"link": link, "until": until})
        send_mail(gettext("A message from your care team"), body, None, [to])


def call_to_safety_list(*, to: str, organization_slug: str) -> None:
    """Tell somebody on duty that a safety notice waits."""
    address = settings.ADDRESS + reverse("safety_notices", args=[organization_slug])
    send_mail(SAFETY_SUBJECT, SAFETY_BODY.format(address=address), None, [to])
