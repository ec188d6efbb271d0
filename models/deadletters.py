"""What the broker has given up on: messages delivered ten times without an ack, or unreadable ones.

No work is lost with them: the rows say what is to be done, and the reaper sends new messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kombu.message import Message

from foureyes.models import broker

#: A message's content is shown up to so many characters.
_SHOWN = 60


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up: its queue, why (in RabbitMQ's words), its task and arguments."""

    queue: str
    reason: str
    task: str
    arguments: str

    def __str__(self) -> str:
        return f"{self.task}{self.arguments} of queue {self.queue} ({self.reason})"


def count() -> int:
    """How many dead letters there are."""
    with broker.app().connection_for_read() as connection, connection.channel() as channel:
        queue = broker.dead_letters()(channel)
        queue.declare()
        return int(queue.queue_declare(passive=True).message_count)


def look(limit: int = 3) -> list[DeadLetter]:
    """The first few of them; they stay where they are."""
    with broker.app().connection_for_read() as connection, connection.channel() as channel:
        queue = broker.dead_letters()(channel)
        queue.declare()
        found: list[DeadLetter] = []
        # not acknowledged: all go back when the channel closes
        while len(found) < limit and (message := queue.get(no_ack=False)) is not None:
            found.append(_read(message))
        return found


def _read(message: Message) -> DeadLetter:
    headers: Mapping[str, Any] = message.headers or {}
    death = (headers.get("x-death") or [{}])[0]
    return DeadLetter(
        queue=str(death.get("queue") or headers.get("x-first-death-queue") or "unknown"),
        reason=str(death.get("reason") or headers.get("x-first-death-reason") or "unknown"),
        task=str(headers.get("task", "no task")),
        arguments=str(headers.get("argsrepr") or message.body)[:_SHOWN],
    )
