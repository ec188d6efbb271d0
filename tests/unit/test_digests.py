"""If one of these fails, a verdict depends on how large an output is."""

import math
import random
import zlib
from collections import Counter, OrderedDict, UserList, deque, namedtuple
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foureyes.judging import replies
from foureyes.judging.comparison import matches
from foureyes.judging.formats.evalplus import suites
from foureyes.judging.formats.evalplus.expected import ReferenceAnswer
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.sandbox.inside import digests, frames, program, values, wire
from foureyes.judging.sandbox.inside.digests import digest

NAN = values.NAN
Pair = namedtuple("Pair", "left right")

reals = (
    st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**70, 2**1200])
    | st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0**53, 2.0**70, float("inf"), float("-inf"), NAN])
)
numbers = reals | st.sampled_from([1j, 1 + 0j, 0.5 + 0j, -0.0 + 1j, Fraction(1, 2), Fraction(1, 3)])
atoms = numbers | st.sampled_from(["", "a", "b", "ab", "\0", "a\0", "\ud800", b"", b"a", None])
keys = atoms | st.tuples(atoms, atoms) | st.frozensets(atoms, max_size=3)
outputs = st.recursive(
    atoms | st.frozensets(keys, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(numbers, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.sets(keys, max_size=4)
    ),
    max_leaves=12,
)


class Variant:
    """Another way to write an output: an equal one, or one that is near, or one that is not."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, value: Any) -> Any:
        change = self._random.random()
        if isinstance(value, dict):
            pairs = [(key, self(item)) for key, item in value.items()]
            self._random.shuffle(pairs)
            return self._random.choice([dict, OrderedDict])(pairs)
        if isinstance(value, set | frozenset):
            members = list(value)
            self._random.shuffle(members)
            return self._random.choice([set, frozenset])(members)
        if isinstance(value, list):
            changed = [self(item) for item in value]
            return UserList(changed) if change < 0.1 else changed
        if isinstance(value, tuple):
            items = [self(item) for item in value]
            return Pair(*items) if len(items) == 2 and change < 0.5 else tuple(items)
        return self._number(value) if isinstance(value, int | float | complex) else value

    def _number(self, value: Any) -> Any:
        kinds: list[Any] = [complex, lambda x: x, lambda x: x + 1e-9, lambda x: x + 1e-3]
        if not isinstance(value, complex):
            kinds += [float, np.float64, lambda x: -x]
            if isinstance(value, int) or math.isfinite(value):
                kinds += [int, Fraction, Decimal, np.int64]
        try:
            return self._random.choice(kinds)(value)
        except OverflowError:
            return value


def verdict(expected: Any, got: Any, atol: float, same_type: bool, limits: tuple[int, int]) -> bool:
    """What the judge says if outputs of more bytes than these are not sent."""
    first, *rest = (
        tag + body for tag, body in program.answer(expected, (expected,), True, limits[0])
    )
    answer = ReferenceAnswer(first, 0.0, tuple(zlib.compress(frame[1:]) for frame in rest))
    tests = suites.SentTests(
        FunctionTests("Test/0", "f", "", [], [], atol, ""), [[]], (answer,), [atol]
    )
    frame, *parts = (tag + body for tag, body in program.answer(got, (got,), atol != 0, limits[1]))
    assert suites.parts(tests.problem, frame) == len(parts) or atol == 0
    if frame == answer.frame:
        return True
    arrived = (wire.decode(part[1:]) for part in parts)
    return suites._compare(tests, 0, frame, arrived, same_type) is None


@settings(max_examples=150, deadline=None)
@given(outputs, outputs, st.integers(), st.booleans(), st.sampled_from([0, 1e-6]), st.booleans())
@example([NAN], [NAN], 0, False, 1e-6, True)
@example({NAN: 1}, {NAN: 1}, 0, False, 0, True)
@example(0.5, Fraction(1, 2), 0, False, 0, True)
@example([0.5], [Decimal("0.5000000001")], 0, False, 1e-6, False)
@example([[]], [[], []], 0, False, 1e-6, True)
@example(2.0000001, 2, 0, False, 1e-6, False)
@example([1 << 64, 1.0], [1 << 64, 1.0000000001], 0, False, 1e-6, True)
def test_the_verdict_is_the_same_however_little_is_sent(
    expected: Any, other: Any, seed: int, related: bool, atol: float, same_type: bool
) -> None:
    got = Variant(seed)(expected) if related else other
    huge, tiny = 1 << 30, 30
    sent = verdict(expected, got, atol, same_type, (huge, huge))
    for limits in ((0, 0), (tiny, tiny), (0, huge), (huge, 0)):
        assert verdict(expected, got, atol, same_type, limits) is sent, limits


@settings(max_examples=150, deadline=None)
@given(outputs, outputs)
@example(["a", "\0", "b"], ["a\0", "b"])
@example([[1, 2], [3]], [[1], [2, 3]])
@example([2**53 + 1], [2**53])
@example([NAN, 1.0], [NAN, 1])
@example({0.0: 1}, {-0.0: True})
@example({(0.5, NAN)}, frozenset({(Fraction(1, 2), NAN)}))
@example([1 + 0j], [1])
@example({1: {2}, 3: 4}, {3: 4, 1: {2}})
def test_digests_are_equal_for_equal_values_alone(left: Any, right: Any) -> None:
    assert (digest(left) == digest(right)) == matches(left, right, 0)


@settings(max_examples=150, deadline=None)
@given(outputs, st.integers())
def test_what_equal_values_are_written_as_makes_no_difference(value: Any, seed: int) -> None:
    other = Variant(seed)(value)
    left, right = (wire.decode(wire.encode(one)) for one in (value, other))
    assert (digest(value) == digest(other)) == matches(left, right, 0)


@given(outputs, st.integers(4090, 4100))
@settings(max_examples=10, deadline=None)
def test_long_lists_are_told_apart(value: Any, count: int) -> None:
    long = [value] * count
    assert digest(long) == digest(list(long))
    assert digest(long) != digest([*long, value])
    assert digest(long) != digest(tuple(long))
    assert digest(long) != digest([*long[:-1], "other"])


@pytest.mark.parametrize(
    ("reference", "same", "near", "wrong"),
    [
        (
            [i / 10 for i in range(150_000)],
            [Fraction(i / 10) for i in range(150_000)],
            [i * 0.1 + 1e-9 for i in range(150_000)],
            [i / 10 for i in range(149_999)] + [0.0],
        ),
        (
            [[0.5, 1.5]] * 60_000,
            [[0.5, Decimal("1.5")]] * 60_000,
            [(0.5 + 1e-9, 1.5)] * 60_000,
            [[0.5, 1.5]] * 59_999 + [[0.5, 1.6]],
        ),
        ([1j] * 70_000, [0.0 + 1j] * 70_000, [1j + 1e-8] * 70_000, [1j + 1] * 70_000),
        (Counter(range(100_000)), dict.fromkeys(reversed(range(100_000)), 1), None, {}),
        (deque(range(180_000)), deque(range(180_000)), None, list(range(180_000))),
    ],
)
def test_large_outputs(reference: Any, same: Any, near: Any, wrong: Any) -> None:
    """As they are met: beyond the limit that holds, and numbers in several parts."""
    limits = (wire.MAX_BYTES, wire.MAX_BYTES)
    assert verdict(reference, same, 0, True, limits)
    if near is not None:
        assert verdict(reference, near, 1e-6, True, limits)
        assert not verdict(reference, near, 0, True, limits)
    assert not verdict(reference, wrong, 1e-6, True, limits)


@pytest.mark.parametrize(
    ("item", "near", "wrong"),
    [
        ("x" * 50, None, "x" * 51),
        (10**90, None, 10**90 + 1),
        (0.5, 0.5 + 1e-9, 0.6),
        ([0.25] * 9, [0.25 + 1e-9] * 9, [0.25] * 8),
    ],
)
def test_an_array_of_one_item_equals_the_item_at_any_size(item: Any, near: Any, wrong: Any) -> None:
    def array(item: Any) -> Any:
        made = np.empty(1, object)
        made[0] = item
        return program._whole(made)[0]

    for limits in ((1 << 20, 1 << 20), (0, 0), (0, 1 << 20), (1 << 20, 0)):
        for expected, make in ((array(item), array), (array(item), lambda x: x), (item, array)):
            assert verdict(expected, make(item), 0, True, limits), limits
            assert not verdict(expected, make(wrong), 1e-6, True, limits), limits
            if near is not None:
                assert verdict(expected, make(near), 1e-6, False, limits), limits


@pytest.mark.parametrize("depth", [99, 101, 1000, 9000])
def test_deep_outputs_are_compared(depth: int) -> None:
    """Python compares no two lists nested so deep, and a reference may return one all the same."""

    def nested(leaf: Any, kind: Any) -> Any:
        for _ in range(depth):
            leaf = kind([leaf, 1]) if depth % 2 else kind([leaf])
        return leaf

    limits = (wire.MAX_BYTES, wire.MAX_BYTES)
    for kind in (list, tuple):
        assert verdict(nested(1, kind), nested(1.0, kind), 1e-6, True, limits)
        assert not verdict(nested(1, kind), nested(2, kind), 1e-6, True, limits)
    assert not verdict(nested(1, list), nested(1, tuple), 1e-6, True, limits)


def test_what_contains_itself_is_refused_and_not_followed_for_ever() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(digests.TooDeep):
        digest(endless)
    looped: dict[int, Any] = {}
    looped[1] = [looped, 2]
    with pytest.raises(digests.TooDeep):
        digest(looped)


def test_what_holds_something_opaque_equals_nothing_at_any_size() -> None:
    for limit in (0, 1 << 30):
        assert not verdict([1], [object()], 0, False, (1 << 30, limit))
    (frame,) = program.answer([object()], ([object()],), False, 0)
    assert isinstance(replies.value(frames.VALUE + frame[1]), values.Opaque)
