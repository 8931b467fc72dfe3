"""Messages that leave the product: to patients a neutral line and a link, to staff a call without a name.

Nothing in them says who it is about, which clinic writes, or what for.
"""

from registry.operations.messages.mail import call_to_safety_list, send_link_by_email, tell_of_emergency
from registry.operations.messages.text import ConsoleSender, TextSender, send_link_by_text, text_sender

__all__ = [
    "ConsoleSender",
    "TextSender",
    "call_to_safety_list",
    "send_link_by_email",
    "send_link_by_text",
    "tell_of_emergency",
    "text_sender",
]
