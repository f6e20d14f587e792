"""The HTTP and WebSocket edge: takes tasks, tells how they stand, streams their history."""

from shared import code_version

__version__ = code_version.VERSION
