"""Tests and inputs that a model wrote for a contest's program."""

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from foureyes.judging import replies
from foureyes.judging.formats.livecodebench import calls, streams
from foureyes.judging.formats.livecodebench.calls import MethodCall
from foureyes.judging.formats.livecodebench.ends import End
from foureyes.judging.formats.livecodebench.testcases import FUNCTIONAL, STDIN
from foureyes.judging.sandbox.allowance import Allowance
from foureyes.judging.sandbox.inside import frames
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible.assertions import BrokenTest, condition_of
from foureyes.judging.visible.expressions import NOT_PYTHON
from foureyes.judging.visible.running import Given
from foureyes.models import trees
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import GAVE, RAISED, STOPPED, Output
from foureyes.models.storable import storable

#: Bytes of what a program prints, for one input, that are read; and characters that are kept.
_MOST, _MOST_SHOWN = 1 << 16, 300


def read_test(spec: Spec, source: str) -> VisibleTest:
    """A test of a program by its input, or of a method by an assert. Raises: BrokenTest."""
    return _of_method(spec, source) if spec.entry_point else _of_input(source)


def _of_input(source: str) -> VisibleTest:
    try:
        found = json.loads(source)
    except (ValueError, RecursionError):
        found = None
    match found:
        case {"input": str(given), "output": str(output)}:
            if storable(given) != given:  # what JSON can say, and no file of text can hold
                raise BrokenTest("its input holds what is no character")
            shown = f"input:\n{given.rstrip()}\noutput:\n{output.rstrip()}"
            return VisibleTest(STDIN, shown, given, output)
    raise BrokenTest("it has no input and output")


def _of_method(spec: Spec, source: str) -> VisibleTest:
    match condition_of(source):
        case ast.Compare(left=ast.Call() as asked, ops=[ast.Eq()], comparators=[right]):
            name, given = _call(spec, asked)
            lines = "\n".join(map(_json, given))
            return VisibleTest(FUNCTIONAL, source, f"{name}\n{lines}", _json(_literal(right)))
    raise BrokenTest(f"it is not assert {spec.entry_point}().name(...) == ...")


def _call(spec: Spec, asked: ast.expr) -> tuple[str, list[Any]]:
    """The method's name, and the arguments. Raises: BrokenTest."""
    match asked:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id=owner)), attr=name),
            args=given,
            keywords=[],
        ) if owner == spec.entry_point and name in (_method(spec), ""):
            return name, list(map(_literal, given))
    raise BrokenTest(f"it does not call {spec.entry_point}().{_method(spec)} with literals")


def _method(spec: Spec) -> str:
    """As the public tests have it."""
    return spec.visible_tests[0].call.partition("\n")[0] if spec.visible_tests else ""


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except NOT_PYTHON:
        raise BrokenTest("it has something that is no literal") from None


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        raise BrokenTest("it has a value that JSON has no words for") from None


@dataclass(frozen=True)
class _Asking(MethodCall):
    """A call of which the value is wanted, whatever it is."""

    taken: list[Any] = field(default_factory=list)

    def is_right(self, got: Any) -> bool:
        self.taken.append(got)
        return True


def outputs(
    sandbox: Sandbox, spec: Spec, code: str, inputs: Sequence[str], limit: float, most_timeouts: int
) -> list[Given]:
    """What a program prints, or its method returns, for each input. Raises: InfrastructureError."""
    given: list[Given] = []
    one = _returned if spec.entry_point else _printed
    for text in inputs:
        if sum(each.output.how == STOPPED for each in given) >= most_timeouts:
            given.append(Given(Output(STOPPED, "not run: others took too long")))
        else:
            given.append(one(sandbox, spec, code, text, limit))
    return given


def _printed(sandbox: Sandbox, spec: Spec, code: str, text: str, limit: float) -> Given:
    end, written, _ = streams.output(sandbox, code, text, _MOST, limit)
    if end.reason:
        return _ended(end)
    lines = (line.strip() for line in written.strip().split("\n"))
    return Given(Output(GAVE, replies.shortened(written, _MOST_SHOWN)), "\n".join(lines))


def _returned(sandbox: Sandbox, spec: Spec, code: str, text: str, limit: float) -> Given:
    try:
        name, arguments = _call(spec, trees.expression(text.strip()).body)
    except (BrokenTest, *NOT_PYTHON) as error:
        return Given(Output(RAISED, replies.shortened(f"no such input: {error}", _MOST_SHOWN)))
    call = _Asking(arguments, object())
    asked = (frames.METHOD, code, name)
    process = calls.call(sandbox, asked, [call], limit, Allowance(), True)
    if not call.taken:
        return _ended(process.ends[0])
    value = call.taken[0]
    return Given(Output(GAVE, replies.shortened(replies.shown(value), _MOST_SHOWN)), value)


def _ended(end: End) -> Given:
    said = replies.shortened(end.reason, _MOST_SHOWN)
    if said.startswith("exception: "):
        return Given(Output(RAISED, said.replace("exception", "raised", 1)))
    return Given(Output(STOPPED, said))
