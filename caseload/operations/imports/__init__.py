"""Imports of caseloads: upload, preview, correct, confirm, undo."""

from caseload.operations.imports.runs import (
    ImportChanged,
    ImportNotReady,
    Upload,
    confirm_import,
    correct_import,
    preview_again,
    read_import,
    start_import,
)
from caseload.operations.imports.undoing import ImportBuiltOn, ImportNotDone, undo_import

__all__ = [
    "ImportBuiltOn",
    "ImportChanged",
    "ImportNotDone",
    "ImportNotReady",
    "Upload",
    "confirm_import",
    "correct_import",
    "preview_again",
    "read_import",
    "start_import",
    "undo_import",
]
