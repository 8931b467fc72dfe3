"""What an operator's own monitoring may know: figures without names, and errors without words."""
