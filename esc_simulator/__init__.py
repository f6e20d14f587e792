"""A practice ESC portal: its own small web application, database and faults.

It stands in for the real skills-training portal in the demo and in tests. It shares no code
with the services that drive it, so that it cannot share their mistakes.
"""
