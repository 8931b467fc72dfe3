"""What went wrong while setting up, in words for the person at the keyboard."""


class SetupError(Exception):
    """Set-up cannot go on: the text says what is wrong and what to do, and is printed without a traceback."""
