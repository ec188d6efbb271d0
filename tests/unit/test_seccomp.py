"""The system call filter, run here as the kernel runs it."""

import errno
import struct

import pytest

from foureyes.judging.sandbox.inside import seccomp

ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = list(ARCHITECTURES)
#: An address among the libraries of some process, and one far from it.
NEAR, FAR = 0x7F12_3456_7000, 0x5512_3456_7000
#: Steps from which a filter would cost every program something: it is tried for each call there is.
MOST_STEPS = 30


def decided(code: bytes, data: bytes) -> tuple[int, int]:
    """What a filter returns for a `struct seccomp_data`, and after how many steps. As in bpf(2)."""
    at, held, steps = 0, 0, 0
    while True:
        operation, if_true, if_false, value = struct.unpack_from("<HBBI", code, 8 * at)
        at, steps = at + 1, steps + 1
        if operation == 0x06:
            return value, steps
        if operation == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
            continue
        holds = {
            0x15: held == value,
            0x25: held > value,
            0x35: held >= value,
            0x45: bool(held & value),
        }[operation]
        at += if_true if holds else if_false


def asked(machine: str, number: int, *arguments: int) -> bytes:
    rest = (*arguments, *(6 - len(arguments)) * (0,))
    return struct.pack("<IIQ6Q", number, ARCHITECTURES[machine], 0, *rest)


def numbers(machine: str, names: set[str]) -> set[int]:
    which = MACHINES.index(machine)
    found = (seccomp._ALLOWED[name][which] for name in names)
    return {number for number in found if number is not None}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("without", [frozenset(), seccomp.WRITING])
def test_what_is_named_is_allowed_and_nothing_else(machine: str, without: frozenset[str]) -> None:
    code = seccomp.build(machine, without, NEAR)
    which = MACHINES.index(machine)
    special = (
        seccomp._CLONE, seccomp._CLONE3, seccomp._FCNTL, seccomp._IOCTL, seccomp._PRLIMIT,
        seccomp._MMAP, seccomp._MREMAP, seccomp._KILL, seccomp._TGKILL,
    )  # fmt: skip
    # 1 << 30: the x32 numbers, which reach the same calls on x86_64
    tried = {*range(1024), *range(1 << 30, (1 << 30) + 1024), 2**31, 2**32 - 1}
    tried -= {numbers[which] for numbers in special}
    answers = {number: decided(code, asked(machine, number)) for number in tried}
    allowed = {number for number, (said, _) in answers.items() if said == ALLOW}
    assert allowed == numbers(machine, set(seccomp._ALLOWED) - without)
    assert {said for said, _ in answers.values()} == {ALLOW, FAIL}
    assert max(steps for _, steps in answers.values()) < MOST_STEPS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("which", "arguments", "said"),
    [
        (seccomp._CLONE, (0x3D0F00,), ALLOW),  # a thread
        (seccomp._CLONE, (17,), FAIL),  # a process
        (seccomp._CLONE3, (), 0x00050000 | errno.ENOSYS),
        (seccomp._FCNTL, (3, 1030), ALLOW),
        (seccomp._FCNTL, (3, 6), FAIL),  # a lock
        (seccomp._IOCTL, (0, 0x5401), ALLOW),
        (seccomp._IOCTL, (0, 0x5412), FAIL),  # into a terminal's input
        (seccomp._PRLIMIT, (0, 7, 0), ALLOW),
        (seccomp._PRLIMIT, (0, 7, NEAR), FAIL),
        (seccomp._PRLIMIT, (0, 7, 1 << 32), FAIL),
        (seccomp._KILL, (1, 15), ALLOW),
        (seccomp._KILL, (1, 9), FAIL),
        (seccomp._TGKILL, (1, 1, 9), FAIL),
        (seccomp._MMAP, (0,), ALLOW),
        (seccomp._MMAP, (NEAR,), ALLOW),
        (seccomp._MMAP, (FAR,), FAIL),
        (seccomp._MREMAP, (0, 0, 0, 1), ALLOW),
        (seccomp._MREMAP, (0, 0, 0, 3), FAIL),
    ],
)
def test_calls_are_decided_by_their_arguments(
    machine: str, which: tuple[int, int], arguments: tuple[int, ...], said: int
) -> None:
    code = seccomp.build(machine, libraries=NEAR)
    data = asked(machine, which[MACHINES.index(machine)], *arguments)
    assert decided(code, data)[0] == said


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    code = seccomp.build(machine)
    other = next(name for name in MACHINES if name != machine)
    assert decided(code, asked(other, 0))[0] == KILL
