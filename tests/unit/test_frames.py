"""If one of these fails, what a program writes to its socket can end the judge or mislead it."""

import socket
import struct
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foureyes.judging import replies
from foureyes.judging.formats.evalplus import suites
from foureyes.judging.formats.evalplus.expected import ReferenceAnswer
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.sandbox import connection
from foureyes.judging.sandbox.connection import BadFrames, Connection
from foureyes.judging.sandbox.inside import digests, frames, wire
from foureyes.judging.sandbox.process import ProgramRun
from foureyes.judging.visible import running as visible
from foureyes.models.problem import VisibleTest
from foureyes.models.shown import TestResult
from tests.unit.test_wire import encoded_like, values

tags = st.sampled_from([b"C", b"R", b"B", b"V", b"D", b"L", b"E", b"T", b"?", b""])
bodies = st.binary(max_size=100) | encoded_like | values.map(wire.encode)
hostile_frames = st.builds(lambda tag, body: tag + body, tags, bodies).filter(bool)


def received(parts: list[bytes]) -> list[bytes]:
    """The frames that a Connection makes of what arrives in these parts."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Connection(ours)
        found = []
        for part in [*parts, b""]:
            if part:
                theirs.sendall(part)
            else:
                theirs.close()
            line.receive(1)
            found += list(line.arrived)
            line.arrived.clear()
            assert len(line._buffer) <= connection._MAX_FRAME + 4
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


def test_what_has_arrived_is_taken_up_to_the_first_that_is_not_right() -> None:
    """One answer more or less, and every later one would be held against another input's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run = ProgramRun(ours, ours)
        assert run.take([b"Va"]) == 0
        theirs.sendall(b"".join(struct.pack(">I", 2) + frame for frame in (b"Va", b"Vb", b"Vx")))
        run._receive(1)
        assert run.take([None, b"Vb"]) == 0
        assert run.take([b"Va", b"Vb", b"Vc", b"Vx"]) == 2
        assert run.next(1) == b"Vx"


def test_frames_before_what_is_none_are_received_however_they_arrive() -> None:
    """Else who writes rubbish at once is no forger, but a sandbox that could not confine its program."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run = ProgramRun(ours, ours)
        theirs.sendall(struct.pack(">I", 1) + frames.CONFINED + b"\xff" * 99)
        run.begin(frames.request(("call", "", "f")))
        for _ in range(2):
            with pytest.raises(BadFrames):
                run.next(1)


def test_no_frame_is_taken_as_it_is_that_may_be_followed_by_numbers() -> None:
    """They would be taken for the next answer."""
    large = ReferenceAnswer(frames.VALUE + wire.encode(digests.large([0.5] * 9, True)), 0.1)
    small = ReferenceAnswer(frames.VALUE + wire.encode(1), 0.1)
    problem = FunctionTests("Test/0", "f", "", [[1], [2]], [], 0.0, "0" * 64)
    tests = suites.SentTests(problem, [[1], [2]], (large, small), [1e-6, 1e-6])
    assert tests.right == [None, small.frame]


def prepared(problem_id: str, entry_point: str, expected: Any, arguments: list[Any]) -> Any:
    problem = FunctionTests(problem_id, entry_point, "", [arguments], [], 0.0, "0" * 64, True)
    answer = ReferenceAnswer(frames.VALUE + wire.encode(expected), 0.1)
    return suites.SentTests(problem, [arguments], (answer,), [1e-6])


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
        assert outcome.reason and len(outcome.got or "") <= replies.SHOWN


@settings(max_examples=300)
@given(hostile_frames, st.sampled_from(["2", "[1.5]", "not Python"]))
@example(b"T" + wire.encode(("printed", 10**5000)), "2")
@example(b"T" + wire.encode(("held", 1, 2)), "2")
def test_any_frame_is_the_result_of_a_visible_test(frame: bytes, expected: str) -> None:
    test = VisibleTest("doctest", ">>> f()", "f()", expected)
    result = visible.read_result(test, frame)
    assert isinstance(result, TestResult) and len(result.shown) <= replies.SHOWN


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
