"""X12 as claims and answers use it: segments, characters, the claim file, and reading what comes back."""
