"""Replaying a pattern: feeding its generator what was recorded, and hearing what it wants next."""

import inspect
import math
import threading
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from types import CodeType
from typing import Any

from foureyes.models.errors import FoureyesError, said_of
from foureyes.models.problem import Spec
from foureyes.worker.attempt import hints
from foureyes.worker.attempt.watchdog import Endless, within
from foureyes.worker.patterns import Configured
from foureyes.worker.patterns.steps import (
    CompletionStep,
    Note,
    Result,
    Step,
    TokensLeft,
    wrong_type,
)

#: A pattern that has asked this often is looping.
MAX_POSITIONS = 100
#: Steps that it may ask for at the same time.
MAX_BRANCHES = 100
#: So is one that has noted down so much,
MAX_NOTES = 200
#: or that computes for so many seconds of CPU time between two steps,
MAX_SECONDS = 5.0
#: or for so many by the clock in one replay.
MAX_WALL_SECONDS = 30.0


class PatternError(FoureyesError):
    """A pattern broke the rules of the game: says which pattern, at which step, and how."""


class PatternReplay:
    """One replay of a pattern on a specification.

    `wanted` holds the steps it waits for, or None once it has returned; then `code` is its result.
    `notes` are those that it has made so far, each with the position of the step that it asked for next.
    `budget` is how many answer tokens the attempt may spend; None: as many as it likes. In a rehearsal
    `way` says which one it is: of what problem, and how its steps turned out.
    """

    def __init__(
        self,
        pattern: Configured,
        spec: Spec,
        is_rehearsal: bool = False,
        budget: int | None = None,
        way: str = "",
    ) -> None:
        self.pattern = pattern
        self._way = way
        self._is_rehearsal = is_rehearsal
        self._tokens_left = math.inf if budget is None else budget
        self._body: Generator[Any, Any, Any] | None = None
        self._spec = spec
        self.position = 0
        self.wanted: tuple[Step, ...] | None = None
        self.code: str | None = None
        self.notes: list[dict[str, Any]] = []
        self._several = False
        self._left = MAX_WALL_SECONDS
        #: What was answered to the pattern's steps so far, while something has to be asked again.
        self._results: list[Result] = []
        self._repairs: list[int] = []
        body = self._run(pattern.start, spec)
        if not isinstance(body, Generator):
            if inspect.iscoroutine(body):
                body.close()  # or Python says later that nobody awaited it
            said = "is not a generator: it must be a `def` that yields its steps"
            raise self.error(said, self._defined)
        self._body = body
        try:
            self._go_on(None)
        except PatternError:
            self.close()
            raise

    @property
    def problem_id(self) -> str:
        """The problem that the pattern is at."""
        return self._spec.problem_id

    def answer(self, results: tuple[Result, ...], tokens: int = 0) -> None:
        """Give the results of the wanted steps, in their order, and go on to the next ones.

        A result that could not be read is asked about once before the pattern hears of it. `tokens` are
        those of the answers, as far as the attempt pays for them here.
        """
        self.position += 1
        self._tokens_left -= tokens
        if self.position >= MAX_POSITIONS:
            raise self.error(f"has asked {MAX_POSITIONS} times without returning")
        if self._repairs:
            for index, result in zip(self._repairs, results, strict=True):
                self._results[index] = result
            self._repairs = []
        else:
            self._results = list(results)
            assert self.wanted is not None
            repairs = {
                index: question
                for index, (step, result) in enumerate(zip(self.wanted, results, strict=True))
                if isinstance(step, CompletionStep)
                and (question := step.repair(result)) is not None
            }
            if repairs:
                self._repairs = list(repairs)
                self.wanted = tuple(repairs.values())
                return
        self._go_on(tuple(self._results) if self._several else self._results[0])

    def close(self) -> None:
        """End the generator where it waits: its `finally` blocks are a user's own code, too."""
        if self._body is not None:
            self._run(self._body.close)

    @property
    def place(self) -> str:
        """The file and the line at which the pattern waits; empty if it does not."""
        body: Any = self._body
        while isinstance(getattr(body, "gi_yieldfrom", None), Generator):
            body = body.gi_yieldfrom
        frame = getattr(body, "gi_frame", None)
        return "" if frame is None else _place(frame.f_code.co_filename, frame.f_lineno)

    def error(self, what: str, place: str | None = None) -> PatternError:
        """A PatternError that says where we are; `place` in the author's file, by default where it waits, or
        where its function begins if it has ended."""
        told = [place or self.place or self._defined]
        if self._is_rehearsal:
            told.append(f"while the pattern was rehearsed{self._way}")
        return PatternError(
            f"pattern {self.pattern.label!r}, step {self.position + 1}: {what} ({', '.join(told)})"
        )

    def _run(self, part: Callable[..., Any], *given: Any) -> Any:
        """What a part of the pattern gives: a user's own code, which may do anything."""
        began = time.monotonic()
        try:
            return within(MAX_SECONDS, self._left, part, *given)
        except Endless as endless:
            raise self.error(
                f"has gone on for {MAX_SECONDS:g} s of CPU time, or {MAX_WALL_SECONDS:g} s by the "
                "clock, without a step: an endless loop, or it waits for something",
                self._raised_at(endless),
            ) from None
        except BaseException as error:  # a user's own code may raise anything, sys.exit() too
            if isinstance(error, KeyboardInterrupt) and _is_main_thread():
                raise  # a person's Ctrl-C
            said = f"raised {said_of(error)}{hints.of_error(error)}"
            raise self.error(said, self._raised_at(error)) from error
        finally:
            self._left -= time.monotonic() - began

    def _raised_at(self, error: BaseException) -> str:
        """The place in the pattern's own file from which an error came; a StopIteration that leaves a
        generator is the cause of another one."""
        file = self._code.co_filename
        passed = [
            *traceback.walk_tb(error.__traceback__),
            *traceback.walk_tb(error.__cause__.__traceback__ if error.__cause__ else None),
        ]
        lines = [line for frame, line in passed if frame.f_code.co_filename == file]
        return _place(file, lines[-1]) if lines else ""

    @property
    def _code(self) -> CodeType:
        code: CodeType = inspect.unwrap(self.pattern.pattern.body).__code__
        return code

    @property
    def _defined(self) -> str:
        """Where the pattern's function begins, for what is no line's fault."""
        return _place(self._code.co_filename, self._code.co_firstlineno)

    def _send(self, results: Any) -> tuple[Any, StopIteration | None]:
        """What the pattern yields next, or how it returned."""
        try:
            assert self._body is not None
            return self._body.send(results), None
        except StopIteration as stop:
            return None, stop

    def _go_on(self, results: Any) -> None:
        yielded, stop = self._run(self._send, results)
        while isinstance(yielded, Note | TokensLeft):
            told = None
            if isinstance(yielded, Note):
                self._keep(yielded)
            else:
                told = self._tokens_left
            yielded, stop = self._run(self._send, told)
        if stop is not None:
            if not isinstance(stop.value, str):
                returned = type(stop.value).__name__
                hint = hints.of_returned(stop.value)
                said = f"must return code as a str, not {returned}{hint}"
                raise self.error(said, self._defined)
            self.wanted, self.code = None, stop.value
            return
        self._several = isinstance(yielded, tuple)
        steps = yielded if isinstance(yielded, tuple) else (yielded,)
        if not steps or not all(isinstance(step, Step) for step in steps):
            hint = hints.of_yielded(yielded)
            raise self.error(f"must yield a step or a tuple of steps, not {yielded!r:.80}{hint}")
        if len(steps) > MAX_BRANCHES:
            raise self.error(f"asks for {len(steps)} steps at once; {MAX_BRANCHES} are the most")
        for step in steps:
            said = wrong_type(step) or step.misfit(self._spec)
            if said or (self._is_rehearsal and (said := step.slip(self._spec))):
                raise self.error(said)
        self.wanted = steps

    def _keep(self, note: Note) -> None:
        if len(self.notes) >= MAX_NOTES:
            raise self.error(f"has made {MAX_NOTES} notes, and goes on making them")
        self.notes.append({"position": self.position, "name": note.name, "value": note.value})


def _place(file: str, line: int) -> str:
    return f"{Path(file).name} line {line}"


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
