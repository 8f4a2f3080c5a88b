"""Appeal feeds: exports as files become rows of the canonical table."""
