"""Lessons in words, carried from try to try (Reflexion, arXiv 2303.11366)."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Ask, Code, Draft, Steps, VisibleTests


@pattern("reflexion")
def reflexion(spec: Spec, retries: Annotated[int, Field(ge=1, le=10)] = 3) -> Steps:
    """After each failed trial the coder writes down a lesson, and writes anew with all lessons before it.

    Control: retry, which mends without a lesson, with as many calls.
    """
    program = yield Draft(spec, by=CODER)
    lessons: list[str] = []
    for _ in range(retries):
        trial = yield VisibleTests(program)
        if not trial.failed:
            break
        lesson = yield Ask("lesson", by=CODER, spec=spec, draft=program, trial=trial)
        lessons.append(lesson.text)
        program = yield Ask(
            "draft-with-lessons", by=CODER, read=Code(spec), spec=spec, lessons=tuple(lessons)
        )
    return program.code
