"""Imports of caseloads: upload, preview, correct, answer, confirm, undo; mappings that are saved; what is discarded."""

from caseload.operations.imports.discarding import discard_old_imports
from caseload.operations.imports.mappings import (
    MappingNameMissing,
    MappingNameTaken,
    delete_mapping,
    rename_mapping,
    save_mapping,
)
from caseload.operations.imports.previews import ImportNotReady
from caseload.operations.imports.runs import (
    ImportChanged,
    Upload,
    answer_import,
    choose_unenrolled,
    confirm_import,
    correct_import,
    follow_mapping,
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
    "MappingNameMissing",
    "MappingNameTaken",
    "Upload",
    "answer_import",
    "choose_unenrolled",
    "confirm_import",
    "correct_import",
    "delete_mapping",
    "discard_old_imports",
    "follow_mapping",
    "preview_again",
    "read_import",
    "rename_mapping",
    "save_mapping",
    "start_import",
    "undo_import",
]
