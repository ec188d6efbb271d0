"""If one of these fails, what a program writes to its socket can end the judge or mislead it."""

import socket
import struct
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.problem import HiddenTests, TestResult, VisibleTest
from tests.unit.test_wire import encoded_like, values
from worker.sandbox import running, suites, visible
from worker.sandbox.expected import Answer
from worker.sandbox.inside import frames, wire
from worker.sandbox.running import BadFrames, Run

tags = st.sampled_from([b"C", b"R", b"B", b"V", b"D", b"L", b"E", b"T", b"?", b""])
bodies = st.binary(max_size=100) | encoded_like | values.map(wire.encode)
hostile_frames = st.builds(lambda tag, body: tag + body, tags, bodies).filter(bool)


def received(parts: list[bytes]) -> list[bytes]:
    """The frames that a Run makes of what arrives in these parts."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run = Run(ours, ours)
        found = []
        for part in [*parts, b""]:
            if part:
                theirs.sendall(part)
            else:
                theirs.close()
            run._receive(1)
            found += list(run._frames)
            run._frames.clear()
            assert len(run._buffer) <= running._MAX_FRAME + 4
        return found


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8))
def test_frames_arrive_whole_however_they_are_cut(bodies: list[bytes]) -> None:
    data = b"".join(struct.pack(">I", len(body)) + body for body in bodies)
    for size in (1, 3, 7, len(data) or 1):
        assert received([data[at : at + size] for at in range(0, len(data), size)]) == bodies


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
@example(struct.pack(">I", 0), [])
@example(struct.pack(">I", 0xFFFFFFFF) + b"x", [])
def test_arbitrary_bytes_are_frames_or_refused(data: bytes, cuts: list[int]) -> None:
    """Else a program could end the judge, or make it wait for a frame of four gigabytes."""
    places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    try:
        found = received([data[start:end] for start, end in pairwise(places)])
    except BadFrames:
        return
    told = b"".join(struct.pack(">I", len(frame)) + frame for frame in found)
    assert data.startswith(told)


def prepared(problem_id: str, entry_point: str, expected: Any, arguments: list[Any]) -> Any:
    problem = HiddenTests(problem_id, entry_point, "", [arguments], [], 0.0, "0" * 64, True)
    answer = Answer(frames.VALUE + wire.encode(expected), 0.1)
    return suites.Tests(problem, [arguments], (answer,), [1e-6])


#: A row for each way of comparing: plain, within a tolerance, and by the problem's own oracle.
TESTS = [
    prepared("Test/0", "f", [1, "a", (2.5, None)], [1]),
    prepared("Test/1", "f", 2.5, [1]),
    prepared("Test/2", "f", [[1.0, 2.0], [3.0]], [1]),
    prepared("HumanEval/32", "find_zero", -0.5, [[1, 2]]),
    prepared("Mbpp/2", "similar_elements", {1, 2}, [[1, 2], [2, 1]]),
    prepared("Mbpp/295", "sum_div", 7, [8]),
    prepared("Mbpp/558", "digit_distance_nums", 3, [1, 4]),
    prepared("Mbpp/581", "surface_Area", 33, [3, 4]),
    prepared("Mbpp/737", "check_str", True, ["a"]),
]


@settings(max_examples=300)
@given(st.sampled_from(TESTS), hostile_frames, st.booleans())
def test_any_frame_is_an_outcome(tests: Any, frame: bytes, same_type: bool) -> None:
    """Whatever it says: no exception may leave the comparison, for it would end the worker's task."""
    outcome = suites._compare(tests, 0, frame, iter(()), same_type)
    if outcome is None:
        assert frame[:1] in frames.VALUES if not same_type else frame[:1] == frames.VALUE
    else:
        assert outcome.reason and len(outcome.got or "") <= suites.SHOWN


@settings(max_examples=300)
@given(hostile_frames, st.sampled_from(["2", "[1.5]", "not Python"]))
@example(b"T" + wire.encode(("printed", 10**5000)), "2")
@example(b"T" + wire.encode(("held", 1, 2)), "2")
def test_any_frame_is_the_result_of_a_visible_test(frame: bytes, expected: str) -> None:
    test = VisibleTest("doctest", ">>> f()", "f()", expected)
    result = visible.read_result(test, frame)
    assert isinstance(result, TestResult) and len(result.shown) <= suites.SHOWN


@pytest.mark.parametrize(
    "text",
    [
        "{" + ", ".join(str(n * ((1 << 61) - 1)) for n in range(40_000)) + "}",  # they collide
        "[" * 500_000,
        "-" * 500_000 + "1",
        "1" + "+1" * 300_000,
        "9" * 900_000,
    ],
    ids=["colliding", "deep", "negative", "long", "digits"],
)
@pytest.mark.timeout(5)
def test_a_text_that_takes_for_ever_to_read_is_cut(text: str) -> None:
    test = VisibleTest("doctest", ">>> f()", "f()", "2")
    result = visible.read_result(test, b"T" + wire.encode((frames.PRINTED, text)))
    assert not result.passed
