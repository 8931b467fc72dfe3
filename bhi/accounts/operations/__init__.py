"""Writes about organizations, seats and people; each kind in a module of its own."""

from bhi.accounts.operations.organizations import add_member, create_organization, find_or_add_person, password_path

__all__ = ["add_member", "create_organization", "find_or_add_person", "password_path"]
