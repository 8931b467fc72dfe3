"""The rule books in English: what a book says, what changed from one to another, and all of it as a document."""

from billing.rules.handbook.changes import Change, changes
from billing.rules.handbook.document import book_text, changes_text, document

__all__ = ["Change", "book_text", "changes", "changes_text", "document"]
