"""Writes about organizations, seats and people; each kind in a module of its own."""

from bhi.accounts.operations.organizations import add_member, create_organization, find_or_add_person, password_path
from bhi.accounts.operations.signing_in import record_sign_in

__all__ = ["add_member", "create_organization", "find_or_add_person", "password_path", "record_sign_in"]
