"""Drawing a pattern: what it asks for, for each way its reviews, trials and choices can turn out.

Nobody writes the picture down: the pattern is rehearsed with every combination of outcomes, and
what it asks for each time is put together as a tree.
"""

import itertools
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from rich.text import Text
from rich.tree import Tree

from models.enums import Role
from models.problem import Spec, VisibleTest
from worker.attempt.replay import PatternReplay
from worker.patterns import Configured
from worker.patterns.steps import CompletionStep, Result, Step
from worker.patterns.templates import Templates

_SPEC = Spec("problem", "...", "f", (VisibleTest("doctest", ">>> f()\n0", "f()", "0"),))
#: Yields that are followed; a pattern of many rounds repeats itself after that.
_DEEPEST = 12

#: Ways that the steps of one yield can turn out together, up to which all are followed.
_MOST_WAYS = 64

#: The steps of one yield, and how each turned out (a number into its `outcomes`).
_Answered = tuple[tuple[Step, ...], tuple[int, ...]]


@dataclass
class Node:
    """One yield of a pattern, or its end; and what follows, by outcome."""

    said: str
    steps: tuple[CompletionStep, ...] = ()
    branches: dict[str, "Node"] = field(default_factory=dict)


def draw(pattern: Configured) -> Tree:
    """The pattern as a tree: a line for each yield, a branch for each outcome that matters."""
    tree = Tree(pattern.label)
    _add(tree, _explore(pattern, []))
    return tree


def prompts(pattern: Configured) -> list[str]:
    """The names of the templates that the pattern can use, in about the order in which it does."""
    return list(dict.fromkeys(step.prompt for step in _steps(pattern)))


def check_prompts(pattern: Configured, folder: Templates) -> None:
    """Fill in every prompt that the pattern can use.

    Raises: FoureyesError naming the template that cannot be.
    """
    for step in _steps(pattern):
        folder.check("system", style=pattern.style)
        folder.check(step.prompt, style=pattern.style, **step.variables())


def roles(pattern: Configured) -> list[Role]:
    """Whom the pattern can ask."""
    return sorted({step.by for step in _steps(pattern)})


def _steps(pattern: Configured) -> Iterator[CompletionStep]:
    """Every model call that the pattern can ask for, the question after an unreadable one too."""
    waiting = [_explore(pattern, [])]
    while waiting:
        node = waiting.pop(0)
        for step in node.steps:
            yield step
            yield from step.repairs()
        waiting += node.branches.values()


def _explore(pattern: Configured, before: list[_Answered]) -> Node:
    """What the pattern asks for after its steps were answered like this."""
    with closing(PatternReplay(pattern, _SPEC)) as replay:
        for steps, outcomes in before:
            if replay.wanted != steps:
                raise replay.error(
                    "asks for something else when it is run again with the same answers: a pattern "
                    "must depend on nothing else (no randomness, no clock, no memory of its own)"
                )
            replay.answer(_results(replay, outcomes))
    if replay.wanted is None:
        return Node(f"the hidden tests judge {replay.code}")
    if len(before) == _DEEPEST:
        return Node("and so on")
    node = Node(
        ", ".join(_said(replay, branch) for branch in range(len(replay.wanted))),
        tuple(step for step in replay.wanted if isinstance(step, CompletionStep)),
    )
    kinds = [step.outcomes for step in replay.wanted]
    for chosen in _combinations([len(kind) for kind in kinds]):
        names = [kind[number] for kind, number in zip(kinds, chosen, strict=True)]
        condition = _condition(replay, names)
        node.branches[condition] = _explore(pattern, [*before, (replay.wanted, chosen)])
    return node


def _combinations(sizes: list[int]) -> Iterator[tuple[int, ...]]:
    """The ways that steps can turn out together, by number. Of very many: those in which they are
    alike, and those in which one differs from the others."""
    if math.prod(sizes) <= _MOST_WAYS:
        yield from itertools.product(*map(range, sizes))
        return
    for number in range(max(sizes)):
        alike = [min(number, size - 1) for size in sizes]
        yield tuple(alike)
        for branch, size in enumerate(sizes):
            if size > 1:
                yield tuple(
                    (each + 1) % size if other == branch else each
                    for other, each in enumerate(alike)
                )


def _condition(replay: PatternReplay, names: list[str]) -> str:
    """What has to be so for a branch."""
    return " and ".join(
        f"{_number(replay, branch)} {name}" for branch, name in enumerate(names) if name
    )


def _number(replay: PatternReplay, branch: int) -> str:
    assert replay.wanted is not None
    letter = "abcdefghijklmnopqrstuvwxyz"[branch % 26] if len(replay.wanted) > 1 else ""
    return f"{replay.position + 1}{letter}"


def _said(replay: PatternReplay, branch: int) -> str:
    assert replay.wanted is not None
    return f"{_number(replay, branch)} {replay.wanted[branch].said}"


def _results(replay: PatternReplay, outcomes: tuple[int, ...]) -> tuple[Result, ...]:
    assert replay.wanted is not None
    return tuple(
        step.rehearsed(outcome, f"the program of {_number(replay, branch)}")
        for branch, (step, outcome) in enumerate(zip(replay.wanted, outcomes, strict=True))
    )


def _add(tree: Tree, node: Node) -> None:
    """Add a node and what follows it. Outcomes after which the same follows share a branch."""
    tree.add(node.said)
    groups: list[tuple[list[str], Node]] = []
    for condition, branch in node.branches.items():
        for conditions, other in groups:
            if other == branch:
                conditions.append(condition)
                break
        else:
            groups.append(([condition], branch))
    if len(groups) == 1:
        _add(tree, groups[0][1])
        return
    groups.sort(key=lambda group: len(group[0]))
    for conditions, branch in groups:
        last = len(conditions) > 1 and branch is groups[-1][1]
        said = "otherwise" if last else f"if {', or '.join(conditions)}"
        _add(tree.add(Text(said, style="bold")), branch)
