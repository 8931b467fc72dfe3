"""Backups of the whole database: sealed while they are written, checked while they are read, restored for practice."""
