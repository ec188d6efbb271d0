"""The same work on many things, in several slots at a time; results come as they are ready."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that a slot may take to finish what it is at once nobody wants results any more.
_PATIENCE = 2.0


def in_slots(
    items: Iterable[Item],
    slots: int,
    opened: Callable[[int], AbstractContextManager[Callable[[Item], Result]]],
) -> Generator[Result, None, None]:
    """What each item gives, in the order in which they are ready.

    `opened` gives the function that works in a slot, told the slot's number from 0. Items are taken
    only as slots become free, so there may be any number of them. What a slot raises is raised
    here. All slots are closed when this ends or is closed.
    """
    source = _Source(items)
    results: queue.SimpleQueue[Result | _Ended] = queue.SimpleQueue()

    def serve(slot: int) -> None:
        failure = None
        try:
            with opened(slot) as work:
                for item in source:
                    results.put(work(item))
        except Exception as error:  # a thread's exception would reach nobody
            failure = error
        results.put(_Ended(failure))

    threads = [threading.Thread(target=serve, args=(slot,), daemon=True) for slot in range(slots)]
    for thread in threads:
        thread.start()
    working = slots
    try:
        while working:
            result = results.get()
            if not isinstance(result, _Ended):
                yield result
                continue
            working -= 1
            if result.failure is not None:
                raise result.failure
    finally:
        source.close()
        for thread in threads:
            thread.join(_PATIENCE)


class _Ended:
    """A slot has ended, by a failure or not."""

    def __init__(self, failure: Exception | None) -> None:
        self.failure = failure


class _Source(Generic[Item]):
    """Hands out items to several threads."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._lock = threading.Lock()
        self._closed = False

    def __iter__(self) -> "_Source[Item]":
        return self

    def __next__(self) -> Item:
        with self._lock:
            if self._closed:
                raise StopIteration
            return next(self._items)

    def close(self) -> None:
        with self._lock:
            self._closed = True
