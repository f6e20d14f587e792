"""The HTTP and WebSocket edge: takes tasks, tells how they stand, streams their history."""

__version__ = "0.1.0"
