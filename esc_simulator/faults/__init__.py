"""Faults: how the practice portal misbehaves when a test asks it to, one noun a file.

A new fault is a class with a `kind` of its own, a place in `kinds.AnyFault`, and one call of
`Faults.fire` where it strikes.
"""
