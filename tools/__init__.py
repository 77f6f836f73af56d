"""What makes the generated parts of the package; no part of it, and not installed with it."""
