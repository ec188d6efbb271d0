"""The tests in a record of LiveCodeBench's, whichever way they are written.

Public ones are JSON. Private ones are JSON too, or base64 of zlib of a pickle of it. A pickle is a program
that says how to build any object, so none is ever run here: its instructions are read, and those
that build one text, and nothing else, are understood.
"""

import base64
import binascii
import json
import pickletools
import zlib
from dataclasses import dataclass
from typing import Any

from foureyes.models.errors import FoureyesError

STDIN, FUNCTIONAL = "stdin", "functional"
#: Bytes to which compressed tests may inflate.
MOST = 256 << 20
_TEXT = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
#: Instructions that change nothing but what the reader remembers.
_IDLE = frozenset({"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"})


@dataclass(frozen=True, slots=True)
class Test:
    """One test: what a program is given, and what it should give, as they stand in the record."""

    __test__ = False  # not a pytest class

    input: str
    output: str
    kind: str


def public(text: str) -> list[Test]:
    """The tests in the field of the public ones. Raises: FoureyesError."""
    return _tests("public_test_cases", text)


def private(text: str) -> list[Test]:
    """The tests in the field of the private ones, in either form. Raises: FoureyesError."""
    name = "private_test_cases"
    return _tests(name, text if text.lstrip()[:1] in ("[", "") else _unpacked(name, text))


def _unpacked(name: str, text: str) -> str:
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FoureyesError(
            f"{name} is neither a JSON list nor base64 of compressed tests"
        ) from None
    inflater = zlib.decompressobj()
    try:
        pickled = inflater.decompress(packed, MOST + 1)
    except zlib.error as error:
        raise FoureyesError(f"{name}: what is in the base64 is not zlib's ({error})") from None
    if len(pickled) > MOST:
        raise FoureyesError(f"{name} inflates to more than {MOST >> 20} MiB")
    if not inflater.eof or inflater.unused_data:
        raise FoureyesError(f"{name}: the compressed tests are cut short, or followed by more")
    return _text(name, pickled)


def _text(name: str, pickled: bytes) -> str:
    """The one text that a pickle holds."""
    texts: list[str] = []
    end = -1
    try:
        for opcode, argument, place in pickletools.genops(pickled):
            if opcode.name in _TEXT:
                texts.append(str(argument))
            elif opcode.name == "STOP":
                end = place or 0
            elif opcode.name not in _IDLE:
                raise FoureyesError(
                    f"{name}: the pickle holds something else than one text ({opcode.name}); "
                    "it is not read"
                )
    except (ValueError, IndexError, UnicodeError) as error:
        raise FoureyesError(f"{name}: the pickle cannot be read ({error})") from None
    if len(texts) != 1 or end != len(pickled) - 1:
        raise FoureyesError(
            f"{name}: the pickle holds something else than one text; it is not read"
        )
    return texts[0]


def _tests(name: str, text: str) -> list[Test]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise FoureyesError(f"{name} is not valid JSON: {error.msg} at its {where}") from None
    except (ValueError, RecursionError) as error:
        raise FoureyesError(f"{name} is JSON that cannot be read: {error}") from None
    if not isinstance(found, list):
        raise FoureyesError(f"{name} must hold a list of tests")
    return [_test(f"test {number} of {name}", each) for number, each in enumerate(found, 1)]


def _test(where: str, found: Any) -> Test:
    if not isinstance(found, dict):
        raise FoureyesError(f"{where} is not an object with input, output and testtype")
    for field in ("input", "output", "testtype"):
        if field not in found:
            raise FoureyesError(f"{where} has no {field!r}")
        if not isinstance(found[field], str):
            raise FoureyesError(f"{where}: {field!r} must be a string")
    if found["testtype"] not in (STDIN, FUNCTIONAL):
        raise FoureyesError(
            f"{where}: the testtype must be {STDIN!r} or {FUNCTIONAL!r}, not {found['testtype']!r:.40}"
        )
    for field in ("input", "output"):
        if not is_text(found[field]):
            raise FoureyesError(f"{where}: {field!r} holds half a character, which nobody can send")
    return Test(found["input"], found["output"], found["testtype"])


def is_text(text: str) -> bool:
    """Whether a string of JSON can be written as UTF-8: half of a pair of surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
