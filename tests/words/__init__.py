"""Every text that people read, said of nothing, of one thing and of many, and read as a clerk reads it."""
