"""What every step has, and what of it is common to those that a model answers or the sandbox runs.

A step that a model answers names a prompt and who answers it; its `read` turns the answer's text into a
frozen result that the next step is made from. A step that is executed runs a program instead. Each step
says here all that is to be known of it: what it may be made with, how it can turn out, what its row
tells, and what stands in for its result where nothing is asked.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from foureyes.models import team
from foureyes.models.enums import Kind, Suite
from foureyes.models.problem import Spec
from foureyes.worker.patterns.reading.extract import extract_code
from foureyes.worker.patterns.reading.last_block import last_block
from foureyes.worker.patterns.reading.scripts import extract_script
from foureyes.worker.patterns.style import Style

#: The roles that the patterns that ship ask; a step's `by` can be any other name.
CODER = team.CODER
REVIEWER = team.REVIEWER

Schema = dict[str, Any] | None
#: What comes of a step: of each kind its own, as the step's docstring says.
Result = Any


#: What an answer may have at most: no model gives as many, and a server's own numbers hold it.
_MOST_TOKENS = 10_000_000


@dataclass(frozen=True)
class Sampling:
    """How an answer is drawn, where that is not as the model's own table says it; None: it is.

    `temperature` is from 0 to 2, `top_p` above 0 and up to 1, `max_tokens` the longest answer. `seed`
    numbers further answers to one question: 0 is the first, and each other one has a seed of its own.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _check("temperature", self.temperature, "from 0 to 2", lambda value: 0 <= value <= 2)
        _check("top_p", self.top_p, "above 0, and at most 1", lambda value: 0 < value <= 1)
        _check(
            "max_tokens",
            self.max_tokens,
            f"a whole number from 1 to {_MOST_TOKENS}",
            lambda value: 1 <= value <= _MOST_TOKENS,
            int,
        )
        _check(
            "seed", self.seed, "a whole number from 0 to 999", lambda value: 0 <= value < 1000, int
        )

    def settings(self) -> dict[str, Any]:
        """The model's own that are replaced."""
        told = {
            "temperature": None if self.temperature is None else float(self.temperature),
            "top_p": None if self.top_p is None else float(self.top_p),
            "max_tokens": self.max_tokens,
        }
        return {name: value for name, value in told.items() if value is not None}


def _check(
    name: str,
    value: Any,
    range_: str,
    is_right: Callable[[Any], bool],
    kind: type | UnionType = int | float,
) -> None:
    if value is None and name != "seed":
        return
    if isinstance(value, bool) or not isinstance(value, kind) or not is_right(value):
        raise ValueError(f"Sampling: {name} is {range_}, not {value!r:.60}")


#: The model's own sampling.
AS_THE_MODEL = Sampling()


@dataclass(frozen=True)
class Program:
    """What a draft or a fix produced: the code to judge, and the whole answer it came in."""

    spec: Spec
    code: str
    text: str


def program(spec: Spec, text: str, style: Style | None = None) -> Program:
    """The program in an answer."""
    if style is not None and style.extraction == "last-block":
        return Program(spec, last_block(text), text)
    if not spec.entry_point:
        return Program(spec, extract_script(text), text)
    return Program(
        spec, extract_code(text, spec.entry_point, "" if spec.prose else spec.prompt), text
    )


class Step:
    """Something that a pattern asks for: a frozen dataclass of what it is made with."""

    kind: ClassVar[Kind]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How it can turn out, as far as a pattern may go on in another way: said of its number."""
        return ("",)

    @property
    def rarer(self) -> tuple[str, ...]:
        """Further ways, which a picture leaves out: above all that nothing could be read. Said in the same way."""
        return ()

    @property
    def said(self) -> str:
        """What is asked for, in the picture of a pattern."""
        raise NotImplementedError

    def rehearsed(self, outcome: int, name: str) -> Result:
        """A result that has turned out so: a number into `outcomes`, and on into `rarer`. `name` is that of a
        program in it."""
        raise NotImplementedError

    def stand_in(self, text: str) -> Result:
        """A result that lets a pattern go on for longest; `text` is in it, where a model writes one."""
        raise NotImplementedError

    def columns(self, result: Any) -> dict[str, Any]:
        """What the step's row tells of its result: `code`, `verdict`, `issues`."""
        return {}

    def misfit(self, spec: Spec) -> str | None:
        """Why it cannot be asked for this problem, though all that it was made with is of the right type."""
        return None

    def slip(self, spec: Spec) -> str | None:
        """What is most likely its author's mistake, though it can be asked for: said in a rehearsal alone, as
        elsewhere a model may have written it."""
        return None


class CompletionStep(Step):
    """What a model answers."""

    by: str
    sampling: Sampling = AS_THE_MODEL

    @property
    def schema(self) -> Schema:
        """What the engine binds an answer in JSON to, where it can."""
        return None

    @property
    def prompt(self) -> str:
        """The template's name."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        return f"{self.prompt} by {self.by}"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        raise NotImplementedError

    def answer_schema(self, style: Style) -> Schema:
        """What the answer is bound to; in a style of text nothing is, whatever the step."""
        return self.schema if style.review_format == "json" else None

    def read(self, text: str) -> Result:
        """The result in an answer."""
        raise NotImplementedError

    def read_in(self, style: Style, text: str) -> Result:
        """The result in an answer that was asked for in this style."""
        return self.read(text)

    def stand_in(self, text: str) -> Result:
        return self.read(text)

    def repair(self, result: Any) -> "CompletionStep | None":
        """What to ask before a result that could not be read counts as none, if there is something."""
        return None

    def repairs(self) -> "list[CompletionStep]":
        """What may be asked after it for that reason."""
        return []


class ExecutionStep(Step):
    """What the sandbox runs."""

    suite: ClassVar[Suite]
    #: What the program is given by the pattern, and not by its problem.
    given: tuple[str, ...] | None = None

    @property
    def code(self) -> str:
        """The program."""
        raise NotImplementedError

    def read(self, detail: dict[str, Any]) -> Result:
        """The result in what an execution's row says."""
        raise NotImplementedError


#: A pattern's body: it yields a step (or a tuple of steps that run at the same time), receives the
#: result (or a tuple of them), and returns the final code.
Steps = Generator[Any, Any, str]


@cache
def _types(step: type[Step]) -> dict[str, tuple[Any, ...]]:
    """What a step may be made with, by field."""
    hints = get_type_hints(step)
    found = {}
    for field in fields(step):  # type: ignore[arg-type]
        hint = hints[field.name]
        kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        found[field.name] = tuple(get_origin(kind) or kind for kind in kinds)
    return found


def wrong_type(step: Step) -> str | None:
    """What a step was made with that it cannot be asked with; None if all is of the right type."""
    for name, wanted in _types(type(step)).items():  # type: ignore[arg-type]
        value = getattr(step, name)
        if Any not in wanted and not isinstance(value, wanted):
            kinds = " or ".join("None" if kind is NoneType else kind.__name__ for kind in wanted)
            hint = (
                "; `yield` it first, and give what comes of it" if isinstance(value, Step) else ""
            )
            return f"{type(step).__name__}({name}=...) takes a {kinds}, not {value!r:.60}{hint}"
    return None
