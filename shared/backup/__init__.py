"""A backup: one file that holds a deployment's record and results as they were at one moment.

format.py says what is in it, making.py makes one while everything runs, restoring.py brings it
back into an empty deployment; rows.py turns tables into lines of JSON and back, so that a backup of
SQLite can be restored into PostgreSQL and the other way round.
"""
