"""Kombu's Redis transport, deaf to what is no message of ours.

Stock kombu ends the whole worker over bytes that are no JSON, and fetches a message that it cannot
take in again and again. Both are thrown away here with a line in the log; a doorbell that was
damaged on its way is rung again, since the record decides.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

import structlog
from kombu.transport import redis

log = structlog.get_logger()

NOT_OURS = (AttributeError, KeyError, TypeError, ValueError)
"""What reading a message raises that is not what it should be."""


class Channel(redis.Channel):
    """Throws away what cannot even be read."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except NOT_OURS as error:
            log.error("no message, thrown away", reason=repr(error))
            raise Empty from None


class Transport(redis.Transport):
    """Throws away what can be read and makes no sense."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        try:
            super()._deliver(message, queue)
        except NOT_OURS as error:
            log.error("message not understood, thrown away", reason=repr(error), exc_info=True)
            self._forget(message)

    def _forget(self, message: Any) -> None:
        """Acknowledge it, or it would come again with the next connection."""
        properties = message.get("properties") if isinstance(message, dict) else None
        tag = properties.get("delivery_tag") if isinstance(properties, dict) else None
        if isinstance(tag, str):
            for channel in self.channels or ():
                if tag in (channel.qos._delivered or ()):
                    channel.qos.ack(tag)
