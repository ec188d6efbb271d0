"""The archive of a sweep: all that another machine needs to have it, as one file.

Gzipped JSON lines, each an object with one key that says what the line is:

    {"archive": {"version": 1, "revision": "0019"}}
    {"sweep": {...}}      one, with its plans
    {"problem": {...}}    and then as many as there are of each, in this order
    {"run": {...}}
    {"completion": {...}}
    {"execution": {...}}
    {"attempt": {...}}    with its steps, and what people wrote about it
    {"end": {"lines": 812}}

There are no ids in it: rows are known by what they contain. A completion or an execution is there
if it is done or ended in error; an attempt without an outcome is unfinished. What is read here comes
from anywhere: nothing passes that is not typed as below, nor under a key that is not its own.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    computed_field,
    model_validator,
)

from foureyes.judging.execution import execution_key
from foureyes.judging.formats.records import parse_record
from foureyes.models.analysis_plan import AnalysisPlan, plan_hash
from foureyes.models.digest import digest
from foureyes.models.enums import Kind, Outcome, State, Status, Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.people import LONGEST_AUTHOR, LONGEST_NOTE, LONGEST_TAG, MOST_TAGS
from foureyes.models.shown import Comparison
from foureyes.models.storable import storable
from foureyes.models.team import CODER, REVIEWER

#: Of the format. A later one may rename or drop; a column that is new has a default here.
VERSION = 1
#: Bytes of a line; the longest records of the official benchmarks have a few million.
_LONGEST_LINE = 1 << 26


#: What was counted, and time that was taken: what a column holds, and nothing below zero.
_Count = Annotated[int, Field(ge=0, lt=2**31)]
_Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Header(BaseModel):
    """The first line; `revision` is the migration of the database that it was written from."""

    version: int
    revision: str


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def is_genuine(self) -> bool:
        """Whether the row stands under the key that its content has."""
        return True


class _Plan(_Row):
    hash: str
    content: dict[str, Any]
    ended: _Count
    attempts: _Count
    enqueued_at: AwareDatetime


class ArchivedSweep(_Row):
    """The sweep; `file` is the file's content, as its row holds it, `plans` what it was to show."""

    key: str
    name: str
    file: dict[str, Any]
    created_at: AwareDatetime
    plans: list[_Plan] = []

    def is_genuine(self) -> bool:
        """Its plans are some, under their hashes; its own key is that of what follows (grid.py)."""
        for plan in self.plans:
            AnalysisPlan.model_validate(plan.content)
        return all(plan.hash == plan_hash(self.key, plan.content) for plan in self.plans)


class ArchivedProblem(_Row):
    """A problem that attempts are about."""

    benchmark: str
    problem_id: str
    version: str
    entry_point: str
    record: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def prompt(self) -> str:
        """As the record says."""
        return storable(parse_record(self.benchmark, self.record).prompt)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def facts(self) -> dict[str, str]:
        """As the record says."""
        found = parse_record(self.benchmark, self.record).facts
        return {name: storable(value) for name, value in found.items()}

    def is_genuine(self) -> bool:
        """The record is a problem, and the rest is as the record says."""
        found = parse_record(self.benchmark, self.record)
        mine = (self.problem_id, self.version, self.entry_point)
        return mine == (found.problem_id, found.version, found.entry_point)


class ArchivedRun(_Row):
    """A cell of the sweep's grid; `team` has names of models in the sweep's file, by role."""

    key: str
    position: _Count
    benchmark: str
    pattern: str
    options: dict[str, Any]
    pairing: str
    team: dict[str, str]
    samples: _Count
    #: The key of the run whose attempts say how many tokens those of this one may spend.
    tokens_of: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, row: Any) -> Any:
        """Archives had a coder and a reviewer, before there were other roles."""
        if not isinstance(row, dict) or "team" in row:
            return row
        roles = {CODER, REVIEWER} & row.keys()
        rest = {name: value for name, value in row.items() if name not in roles}
        return rest | {"team": {role: row[role] for role in roles}}


class _Work(_Row):
    key: str
    state: Literal[State.DONE, State.ERROR]
    error: str | None
    tries: _Count
    worker: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    seconds: _Seconds | None


class ArchivedCompletion(_Work):
    """A model call; `model` is the name of a model in the sweep's file."""

    model: str
    kind: Kind
    prompt: str
    prompt_hash: str
    request: dict[str, Any]
    text: str | None
    finish_reason: str | None
    prompt_tokens: _Count | None
    cached_tokens: _Count | None
    completion_tokens: _Count | None
    engine: str | None = None

    def is_genuine(self) -> bool:
        """The key is the request's hash."""
        return self.key == digest(self.request)


class _TestResult(_Row):
    source: str
    passed: bool
    shown: str


class _Trial(_Row):
    results: list[_TestResult]


class _WrittenResult(_Row):
    source: str
    outcome: Literal["passed", "failed", "broken"]
    shown: str


class _TestRun(_Row):
    passed: _Count
    failed: _Count
    broken: _Count
    results: list[_WrittenResult]


class _Output(_Row):
    how: Literal["gave", "raised", "stopped"]
    shown: str


class _Comparison(_Row):
    outputs: list[list[_Output]]
    groups: list[list[_Count]]
    alike: list[list[_Count]] = []

    @model_validator(mode="after")
    def _is_one(self) -> "_Comparison":
        Comparison.from_json(self.model_dump())
        return self


class _TracedLine(_Row):
    number: int
    source: str
    values: str


class _Traced(_Row):
    lines: list[_TracedLine]
    left_out: _Count
    ended: str


class ArchivedExecution(_Work):
    """A judging of a program against a problem's version, whatever benchmark has it."""

    version: str
    suite: Suite
    code: str
    given: list[str] | None = None
    judge_version: str
    base: Status | None
    plus: Status | None
    reason: str | None
    level: str | None
    trust: str | None = None
    detail: dict[str, Any] | None

    def is_genuine(self) -> bool:
        """The key is that of judging this; a trial is one, for workers read it; hidden tests say both."""
        showed: dict[Suite, type[_Row]] = {
            Suite.VISIBLE: _Trial,
            Suite.WRITTEN: _TestRun,
            Suite.COMPARED: _Comparison,
            Suite.TRACED: _Traced,
        }
        if self.state is State.DONE and self.suite in showed:
            showed[self.suite].model_validate(self.detail)
        elif self.state is State.DONE and None in (self.base, self.plus):
            return False
        told = (self.suite, self.version, self.code, self.judge_version, self.given)
        return self.key == execution_key(*told)


class ArchivedStep(_Row):
    """What an attempt asked for: the key of a completion or of an execution."""

    position: _Count
    branch: _Count
    kind: Kind
    role: str | None
    verdict: str | None
    issues: list[str] | None = None
    code: str | None
    completion: str | None
    execution: str | None
    created_at: AwareDatetime


class _Note(_Row):
    position: _Count
    name: str
    value: Any


class ArchivedPeopleNote(_Row):
    """What a person wrote about an attempt, and has not withdrawn."""

    author: Annotated[str, Field(min_length=1, max_length=LONGEST_AUTHOR)]
    text: Annotated[str, Field(max_length=LONGEST_NOTE)]
    tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]],
        Field(max_length=MOST_TAGS),
    ]
    written_at: AwareDatetime


class ArchivedAttempt(_Row):
    """An attempt of the run whose key is `run`; unfinished if it has no outcome."""

    run: str
    problem_id: str
    version: str
    sample: _Count
    outcome: Outcome | None
    code: str | None
    error: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    token_budget: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    notes: list[_Note] = []
    people_notes: list[ArchivedPeopleNote] = []
    steps: list[ArchivedStep]


class _End(_Row):
    lines: int


class _Line(_Row):
    archive: Header | None = None
    sweep: ArchivedSweep | None = None
    problem: ArchivedProblem | None = None
    run: ArchivedRun | None = None
    completion: ArchivedCompletion | None = None
    execution: ArchivedExecution | None = None
    attempt: ArchivedAttempt | None = None
    end: _End | None = None


Row = (
    ArchivedSweep
    | ArchivedProblem
    | ArchivedRun
    | ArchivedCompletion
    | ArchivedExecution
    | ArchivedAttempt
)
#: What an archive may hold between its first line and its last, in this order.
KINDS = ("sweep", "problem", "run", "completion", "execution", "attempt")


@contextmanager
def writing(raw: BinaryIO, revision: str) -> Iterator[Callable[[str, str], None]]:
    """Write an archive to a file; call with a kind and a row as JSON for each line.

    The same lines make the same file, byte by byte.
    """
    lines = 0
    with gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:

        def write(kind: str, row: str) -> None:
            nonlocal lines
            file.write(f'{{"{kind}": {row}}}\n'.encode())
            lines += 1

        write("archive", Header(version=VERSION, revision=revision).model_dump_json())
        yield write
        write("end", _End(lines=lines + 1).model_dump_json())


def read(path: Path) -> Iterator[tuple[str, Row]]:
    """The kinds and rows of an archive, checked one by one.

    Raises: FoureyesError naming the file, the line and what is wrong with it. Only who has come to
    the end knows that the archive is whole.
    """
    revision = ""
    number = 0
    try:
        with gzip.open(path, "rb") as file:
            kind = ""
            while kind != "end":
                number += 1
                kind, row = _parse(file.readline(_LONGEST_LINE), after=kind)
                if isinstance(row, Header):
                    revision = _readable(row).revision
                elif isinstance(row, _End):
                    if row.lines != number or file.read(1):
                        raise FoureyesError(f"it has other lines than the {row.lines} it speaks of")
                else:
                    yield kind, row
    except FileNotFoundError:
        raise FoureyesError(f"{path}: there is no such file") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FoureyesError(f"{path}: damaged, or no archive ({error})") from None
    except OSError as error:
        raise FoureyesError(f"{path}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        said = first_mistake(error)
        if revision:
            said += f"; it was written at migration {revision}"
        raise FoureyesError(f"{path} line {number}: {said}") from None
    except FoureyesError as error:
        raise FoureyesError(f"{path} line {number}: {error}") from None


def _parse(line: bytes, after: str) -> tuple[str, Header | _End | Row]:
    """What a line holds, given the kind of the line before it ("" for none)."""
    if not line.endswith(b"\n"):
        raise FoureyesError("too long" if line else "the archive ends too early")
    made = _Line.model_validate_json(line)
    if len(made.model_fields_set) != 1:
        raise FoureyesError("not an object with one key")
    (kind,) = made.model_fields_set
    row = getattr(made, kind)
    order = ("", "archive", *KINDS, "end")
    step = order.index(kind) - order.index(after)
    single = kind in ("archive", "sweep") or after in ("", "archive")
    if row is None or step < 0 or (single and step != 1):
        raise FoureyesError(f"not where a line with the key {kind!r} can be")
    if isinstance(row, _Row) and not row.is_genuine():
        raise FoureyesError(f"the key of this {kind} is not that of its content")
    return kind, row


def _readable(header: Header) -> Header:
    if header.version != VERSION:
        raise FoureyesError(
            f"an archive of version {header.version}; this foureyes reads version {VERSION}"
        )
    return header


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong with a line, and where in it."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
