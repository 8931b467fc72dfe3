"""Text messages: what a provider has to do, and one that writes to the console."""

from __future__ import annotations

import sys
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext, override


class TextSender(Protocol):
    """A provider of text messages. It raises when a message could not be handed over: the job tries again."""

    def send(self, *, to: str, body: str) -> None:
        """Hand one message over for a phone number as it is on record."""


class ConsoleSender:
    """For development: the message without its number, on standard output."""

    def send(self, *, to: str, body: str) -> None:
        """Print the message; of the number, its last two digits."""
        sys.stdout.write(f"Text message to …{to[-2:]}: {body}\n")


class NoTextSender(RuntimeError):
    """Text messages are not set up."""


def text_sender() -> TextSender:
    """The provider that BHI_TEXT_SENDER names. Raises NoTextSender."""
    if not settings.TEXT_SENDER:
        raise NoTextSender
    if settings.TEXT_SENDER == "console":
        return ConsoleSender()
    sender: TextSender = import_string(settings.TEXT_SENDER)()
    return sender


def send_link_by_text(*, to: str, link: str, language: str) -> None:
    """Send a patient the link to a questionnaire, in neutral words of their language."""
    with override(language):
        body = gettext("Your care team has some questions for you: %(link)s") % {"link": link}
    text_sender().send(to=to, body=body)
