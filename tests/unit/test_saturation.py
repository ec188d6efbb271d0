"""If this fails, what bench/saturation.py prints is not what the servers did."""

import threading
import time

import httpx

from bench.endpoints import Relayed, Step, Use
from tests.faults.model_server import ModelServer


def test_a_batch_is_as_full_as_its_places_are_taken() -> None:
    steps = [Step(10, 2, 4, 0), Step(12, 2, 2, 0), Step(14, 4, 6, 6)]
    use = Use(4, steps, tokens=80)
    assert (use.seconds, use.rate) == (8, 10)
    assert use.share(10, 12) == 1
    assert use.share(11, 13) == 0.75
    assert use.share(14, 18) == 1  # calls that wait take no place
    assert use.share(16, 20) == 0.5  # nothing is at work after the end


def test_the_tail_does_not_count() -> None:
    steps = [Step(0, 1, 4, 2), Step(1, 1, 2, 2), Step(2, 9, 1, 1)]
    use = Use(4, steps, tokens=1)
    assert use.fill() == 1  # after the first step three calls are left, and four places
    assert use.share(use.began, use.ended) < 0.5


def test_a_relay_notes_each_call_and_changes_none() -> None:
    server = ModelServer()
    server.broken = False
    relayed = Relayed(int(server.url.rpartition(":")[2].split("/")[0]), "m", 2)
    asked = {"messages": [{"role": "user", "content": "f"}]}

    def ask() -> None:
        answer = httpx.post(f"{relayed.url}/v1/chat/completions", json=asked, timeout=20)
        assert "def f(x)" in answer.json()["choices"][0]["message"]["content"]

    try:
        began = time.monotonic()
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        use = relayed.used()
        assert (use.tokens, sum(step.done for step in use.steps)) == (6, 3)
        assert began <= use.began < use.ended <= time.monotonic()
        assert max(step.calls for step in use.steps) <= 3
    finally:
        relayed.close()
        server.close()
