"""What is typed about people, checked for its shape."""
