"""Pages about people: each view declares who may open it."""
