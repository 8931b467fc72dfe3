"""What went wrong while setting up, in words for the person at the keyboard."""


class LocalProblem(Exception):
    """Set-up cannot go on. The text says what is wrong and what to do; `./dev` prints it without a traceback."""
