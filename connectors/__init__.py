"""Hands and eyes: one outside library, one module. Nothing here decides."""
