"""Drives a legacy portal through a real browser; knows no queue, no HTTP edge and no record."""
