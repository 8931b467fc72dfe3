"""What can be wrong with a backup, in sentences for whoever runs the command."""


class BackupFault(Exception):
    """A backup could not be made, opened or restored; the sentence says what to do."""
