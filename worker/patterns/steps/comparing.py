"""Inputs that a model writes, or that are made of the visible tests; and what programs give for them."""

import itertools
import json
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from foureyes.models import trees
from foureyes.models.enums import Kind, Suite
from foureyes.models.problem import Spec
from foureyes.models.shown import GAVE, Comparison, Output
from foureyes.models.storable import storable
from foureyes.worker.patterns.reading.asserts import LONGEST, MOST, extract_calls
from foureyes.worker.patterns.steps.base import (
    AS_THE_MODEL,
    REVIEWER,
    CompletionStep,
    ExecutionStep,
    Program,
    Sampling,
    Schema,
)
from foureyes.worker.patterns.steps.readings import Json

#: Programs that can be compared at once.
_MOST_PROGRAMS = 50
#: Inputs on which two programs differ that anybody is shown.
_MOST_DIFFERENCES = 5
_TEXTS = Json(
    {
        "type": "object",
        "properties": {
            "inputs": {
                "type": "array",
                "items": {"type": "string", "maxLength": LONGEST},
                "maxItems": MOST,
            }
        },
        "required": ["inputs"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True)
class WrittenInputs:
    """Inputs as texts: of a function a call each, as `f(1, [2])`; of a whole program what it reads.

    `text` is the answer that they stood in; empty for those that a pattern puts together itself.
    """

    inputs: tuple[str, ...]
    text: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.inputs, tuple) or not all(
            isinstance(each, str) for each in self.inputs
        ):
            raise ValueError(f"WrittenInputs: takes a tuple of texts, not {self.inputs!r:.80}")

    def __add__(self, other: "WrittenInputs") -> "WrittenInputs":
        """These and then the others, each once."""
        if not isinstance(other, WrittenInputs):
            raise ValueError(
                f"WrittenInputs: `+` takes WrittenInputs(...) on both sides, not {other!r:.60}"
            )
        return WrittenInputs(tuple(dict.fromkeys(self.inputs + other.inputs)))


@dataclass(frozen=True)
class Inputs(CompletionStep):
    """Write inputs that the specification allows. Gives WrittenInputs, at most 50; perhaps none."""

    kind: ClassVar[Kind] = Kind.INPUTS
    prompt: ClassVar[str] = "inputs"
    rarer: ClassVar[tuple[str, ...]] = ("has no inputs",)

    spec: Spec
    _: KW_ONLY
    by: str = REVIEWER
    sampling: Sampling = AS_THE_MODEL

    @property
    def schema(self) -> Schema:
        return None if self.spec.entry_point else _TEXTS.schema

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec}

    def read(self, text: str) -> WrittenInputs:
        """The inputs in an answer."""
        if self.spec.entry_point:
            found = extract_calls(text, self.spec.entry_point)
        else:
            value = _TEXTS.read(text).value or {"inputs": []}
            found = tuple(dict.fromkeys(value["inputs"]))
        return WrittenInputs(tuple(map(storable, found)), text)

    def rehearsed(self, outcome: int, name: str) -> WrittenInputs:
        example = f"{self.spec.entry_point}()" if self.spec.entry_point else "0"
        return WrittenInputs(() if outcome else (example,), name)

    def stand_in(self, text: str) -> WrittenInputs:
        return self.rehearsed(0, text)


@dataclass(frozen=True)
class Difference:
    """An input for which two programs gave something else, and what: as they are shown."""

    input: str
    left: str
    right: str


@dataclass(frozen=True)
class Compared:
    """What programs gave for the same inputs.

    `groups` hold the programs that gave the same for every input: first those that gave anything, of
    these the largest group, of equal ones that of the earliest program. `outputs` has for each of the
    `programs`, in the order of the step, what it gave for each of the `inputs`; `alike` is Comparison's.
    """

    groups: tuple[tuple[Program, ...], ...]
    outputs: tuple[tuple[Output, ...], ...]
    programs: tuple[Program, ...]
    inputs: tuple[str, ...]
    alike: tuple[tuple[int, ...], ...] = ()

    @property
    def best(self) -> Program:
        """The first program of the first group: whom most agree with."""
        return self.groups[0][0]

    @property
    def votes(self) -> int:
        """How many programs the first group has."""
        return len(self.groups[0])

    @property
    def agree(self) -> bool:
        """Whether all programs gave the same."""
        return len(self.groups) == 1

    def differences(self, left: Program, right: Program) -> tuple[Difference, ...]:
        """The inputs for which two of the programs gave something else, the first few.

        Raises: ValueError if one is none of the programs that were compared.
        """
        for each in (left, right):
            if each not in self.programs:
                raise ValueError(
                    f"differences: takes two of the Programs that were compared, not {each!r:.60}"
                )
        one, other = (self.programs.index(each) for each in (left, right))
        known: Any = self.alike or self.outputs  # comparisons of before know what was shown alone
        found = (
            Difference(given, self.outputs[one][at].shown, self.outputs[other][at].shown)
            for at, given in enumerate(self.inputs)
            if known[one][at] != known[other][at]
        )
        return tuple(itertools.islice(found, _MOST_DIFFERENCES))


@dataclass(frozen=True)
class Compare(ExecutionStep):
    """Run several programs on the same inputs. Gives a Compared, for a vote by what they do."""

    kind: ClassVar[Kind] = Kind.COMPARE
    suite: ClassVar[Suite] = Suite.COMPARED
    outcomes: ClassVar[tuple[str, ...]] = ("agree", "differ")

    programs: tuple[Program, ...]
    inputs: WrittenInputs

    def __post_init__(self) -> None:
        if isinstance(self.programs, list):
            object.__setattr__(self, "programs", tuple(self.programs))

    @property
    def said(self) -> str:
        named = ", ".join(each.code for each in self.programs)
        return f"the same inputs for {named}"

    @property
    def code(self) -> str:
        """The programs, a list as JSON."""
        return json.dumps([storable(each.code) for each in self.programs])

    @property
    def given(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.inputs.inputs

    def read(self, detail: dict[str, Any]) -> Compared:
        """What the programs gave."""
        found = Comparison.from_json(detail)
        groups = (tuple(self.programs[each] for each in group) for group in found.groups)
        return Compared(
            tuple(groups), found.outputs, self.programs, self.inputs.inputs, found.alike
        )

    def rehearsed(self, outcome: int, name: str) -> Compared:
        groups = (self.programs,) if outcome == 0 else tuple((each,) for each in self.programs)
        given = (
            tuple(Output(GAVE, str(number * outcome)) for _ in self.inputs.inputs)
            for number in range(len(self.programs))
        )
        return Compared(groups, tuple(given), self.programs, self.inputs.inputs)

    def stand_in(self, text: str) -> Compared:
        return self.rehearsed(1, text)

    def misfit(self, spec: Spec) -> str | None:
        if not all(isinstance(each, Program) for each in self.programs):
            return f"Compare(programs=...) takes Programs, not {self.programs!r:.80}"
        if not 1 < len(self.programs) <= _MOST_PROGRAMS:
            return f"Compare takes 2 to {_MOST_PROGRAMS} programs, not {len(self.programs)}"
        if len(self.inputs.inputs) > 2 * MOST:
            return f"Compare takes {2 * MOST} inputs at most, not {len(self.inputs.inputs)}"
        if any(each.spec.entry_point != spec.entry_point for each in self.programs):
            return "Compare needs programs for the problem's own entry_point"
        return None

    def slip(self, spec: Spec) -> str | None:
        for given in () if self.inputs.text or not spec.entry_point else self.inputs.inputs:
            try:
                trees.expression(storable(given).strip())
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return f"Compare: this input is not a call: {given!r:.80}"
        return None
