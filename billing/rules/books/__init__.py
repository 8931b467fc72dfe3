"""Rule books: what each payer family lets be billed from which day on, said by whom."""

from billing.rules.books.library import NoBookInForce, book_in_force, book_named, has_book, with_options
from billing.rules.books.options import OptionOutOfBounds, Options, UnknownOption
from billing.rules.books.reading import BookMisdefined
from billing.rules.books.rulebook import Access, CodeRule, Payment, Requirements, RuleBook

__all__ = [
    "Access",
    "BookMisdefined",
    "CodeRule",
    "NoBookInForce",
    "OptionOutOfBounds",
    "Options",
    "Payment",
    "Requirements",
    "RuleBook",
    "UnknownOption",
    "book_in_force",
    "book_named",
    "has_book",
    "with_options",
]
