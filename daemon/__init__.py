"""The process: command line, settings, wiring, cycle, service."""
