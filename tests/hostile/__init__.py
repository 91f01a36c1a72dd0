"""Whole runs over texts that break programs."""
