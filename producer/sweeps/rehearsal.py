"""Drawing a pattern: what it asks for, for each way its reviews, trials and choices can turn out.

Nobody writes the picture down: the pattern is rehearsed with every combination of outcomes, and
what it asks for each time is put together as a tree. What is checked before anything is enqueued goes
further: each step turns out in its rarer ways, too, and the pattern is followed to its end.
"""

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

from rich.text import Text
from rich.tree import Tree

from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec, VisibleTest
from foureyes.worker.attempt.replay import PatternError, PatternReplay
from foureyes.worker.patterns import Configured
from foureyes.worker.patterns.steps import Ask, CompletionStep, Step
from foureyes.worker.patterns.templates import Templates

_SPEC = Spec("problem", "...", "f", (VisibleTest("doctest", ">>> f()\n0", "f()", "0"),))
#: One whose prompt shows no tests: a pattern may do something else with it.
_BARE = Spec("problem", "...", "f", ())
#: Calls that a pattern with a budget can pay for here, each at the same price.
_PAID = 3
#: Yields that are followed; a pattern of many rounds repeats itself after that.
_DEEPEST = 12
#: Yields that are looked at, of all ways to go.
_MOST_NODES = 1500
#: Ways that are followed to their end, beyond the picture.
_MOST_FOLLOWED = 500

#: Ways that the steps of one yield can turn out together, up to which all are followed.
_MOST_WAYS = 64

_AGAIN = (
    "when it is run again with the same answers: a pattern must depend on nothing else (no randomness, no "
    "clock, no memory of its own)"
)
#: The steps of one yield, how each turned out (a number into its `outcomes`), and that in words.
_Answered = tuple[tuple[Step, ...], tuple[int, ...], str]


@dataclass
class Node:
    """One yield of a pattern, or its end; and what follows, by outcome.

    `error` makes the error that says what is wrong with what is asked for here, `place` is the line that
    asks, and `answered` how the pattern has come here.
    """

    said: str
    steps: tuple[Step, ...] = ()
    branches: dict[str, "Node"] = field(default_factory=dict)
    error: Callable[[str], PatternError] = field(default=PatternError, compare=False)
    place: str = field(default="", compare=False)
    answered: list[_Answered] = field(default_factory=list, compare=False)

    @property
    def calls(self) -> Iterator[CompletionStep]:
        """What models are asked here, the question after an unreadable answer too."""
        for step in self.steps:
            if isinstance(step, CompletionStep):
                yield step
                yield from step.repairs()


def draw(pattern: Configured) -> Tree:
    """The pattern as a tree: a line for each yield, a branch for each outcome that matters."""
    tree = Tree(pattern.label)
    usual, bare = (_explore(pattern, spec) for spec in (_SPEC, _BARE))
    _add(tree, usual)
    if _said_in(bare) - _said_in(usual):
        _add(tree.add(Text("where the prompt shows no tests", style="bold")), bare)
    return tree


def _said_in(node: Node) -> set[str]:
    """What is drawn of a node and all that follows it."""
    return {node.said}.union(*map(_said_in, node.branches.values()))


def prompts(pattern: Configured) -> list[str]:
    """The names of the templates that the pattern can use, in about the order in which it does."""
    return list(dict.fromkeys(step.prompt for step in _steps(pattern)))


def check_prompts(pattern: Configured, folder: Templates, kinds: Iterable[Spec] = ()) -> None:
    """Rehearse the pattern, and fill in every prompt that it can use.

    `kinds` are specifications of other kinds than functions, if it will meet some. Raises: FoureyesError
    naming the step that cannot be asked for, or the template that cannot be filled in.
    """
    folder.check("system", style=pattern.style)
    for node in _nodes(pattern, kinds):
        for step in node.calls:
            if isinstance(step, Ask):
                _check_own(step, node, pattern, folder)
            else:
                folder.check(step.prompt, style=pattern.style, **step.variables())


def _check_own(step: Ask, node: Node, pattern: Configured, folder: Templates) -> None:
    """The same of a prompt of the pattern's author, which has a place in the author's own code."""
    if not folder.has(step.prompt):
        raise node.error(
            f"there is no {step.prompt}.md beside the module, or its name does not stand in the module "
            "as it is"
        )
    known = (*step.variables(), "style")
    try:
        folder.check(step.prompt, known, style=pattern.style, **step.variables())
    except FoureyesError as error:
        raise node.error(str(error).removeprefix(f"prompts {folder.name!r}, ")) from None


def roles(pattern: Configured) -> dict[str, str]:
    """Whom the pattern can ask, and where in its author's file it does so first."""
    places: dict[str, str] = {}
    for node in _nodes(pattern):
        for step in node.calls:
            places.setdefault(step.by, node.place)
    return dict(sorted(places.items()))


def _nodes(pattern: Configured, kinds: Iterable[Spec] = ()) -> Iterator[Node]:
    """Every yield that the pattern can come to, nearest first; then those of longer and of rarer ways."""
    specs = (_SPEC, _BARE, *kinds)
    drawn = [list(_below(_explore(pattern, spec))) for spec in specs]
    for nodes in drawn:
        yield from nodes
    for spec, nodes in zip(specs, drawn, strict=True):
        for answered in itertools.islice(_further(nodes), _MOST_FOLLOWED):
            yield from _follow(pattern, spec, answered)


def _below(root: Node) -> Iterator[Node]:
    """A node and all that follow it, nearest first."""
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        yield node
        waiting += node.branches.values()


def _further(nodes: Iterable[Node]) -> Iterator[list[_Answered]]:
    """Ways that a picture leaves out: none of its turns, and then each in which one step turns out in one of
    its rarer ways."""
    yield []
    for node in nodes:
        for branch, step in enumerate(node.steps):
            for number, name in enumerate(step.rarer, len(step.outcomes)):
                chosen = tuple(number if each == branch else 0 for each in range(len(node.steps)))
                condition = f"{_numbered(len(node.answered), branch, len(node.steps))} {name}"
                yield [*node.answered, (node.steps, chosen, condition)]


def _follow(pattern: Configured, spec: Spec, answered: list[_Answered]) -> Iterator[Node]:
    """What is asked for after these answers, if all goes on for longest, to the pattern's end."""
    with _after(pattern, spec, answered) as replay:
        while (wanted := replay.wanted) is not None:
            yield Node("", wanted, error=replay.error, place=replay.place)
            results = (step.stand_in(_program_of(replay, at)) for at, step in enumerate(wanted))
            replay.answer(tuple(results), _calls(wanted))


def _steps(pattern: Configured) -> Iterator[CompletionStep]:
    """Every model call that the pattern can ask for, the question after an unreadable one too."""
    for node in _nodes(pattern):
        yield from node.calls


def _explore(pattern: Configured, spec: Spec) -> Node:
    """What the pattern asks for of a problem, and what follows.

    Nearest first: of a pattern that can go on in very many ways, all of them are followed so far.
    """
    root = Node("")
    waiting = deque([root])
    opened = 0
    while waiting:
        node = waiting.popleft()
        opened += 1
        _open(node, pattern, spec, opened > _MOST_NODES)
        waiting += node.branches.values()
    return root


@contextmanager
def _after(pattern: Configured, spec: Spec, answered: list[_Answered]) -> Iterator[PatternReplay]:
    """The pattern where these answers have brought it."""
    budget = _PAID if pattern.tokens_of else None
    way = _way(spec, [said for _, _, said in answered])
    with closing(PatternReplay(pattern, spec, is_rehearsal=True, budget=budget, way=way)) as replay:
        for steps, outcomes, _ in answered:
            if replay.wanted != steps:
                raise replay.error(f"asks for something else {_AGAIN}")
            results = (
                step.rehearsed(outcome, _program_of(replay, at))
                for at, (step, outcome) in enumerate(zip(steps, outcomes, strict=True))
            )
            replay.answer(tuple(results), _calls(steps))
        yield replay


def _open(node: Node, pattern: Configured, spec: Spec, is_last: bool) -> None:
    """Fill in what is asked for here, and the ways to go on, by condition."""
    with _after(pattern, spec, node.answered) as replay:
        place = replay.place
    if replay.wanted is None:
        with _after(pattern, spec, node.answered) as again:
            if (again.wanted, again.code) != (None, replay.code):
                raise again.error(f"ends with something else {_AGAIN}")
        node.said = f"the hidden tests judge {replay.code}"
        return
    if is_last or len(node.answered) == _DEEPEST:
        node.said = "and so on"
        return
    said = (f"{_number(replay, at)} {step.said}" for at, step in enumerate(replay.wanted))
    node.said = ", ".join(said)
    node.steps, node.error, node.place = replay.wanted, partial(replay.error, place=place), place
    kinds = [step.outcomes for step in replay.wanted]
    for chosen in _combinations([len(kind) for kind in kinds]):
        names = [kind[number] for kind, number in zip(kinds, chosen, strict=True)]
        told = (f"{_number(replay, at)} {name}" for at, name in enumerate(names) if name)
        condition = " and ".join(told)
        answered = [*node.answered, (replay.wanted, chosen, condition)]
        node.branches[condition] = Node("", answered=answered)


def _way(spec: Spec, conditions: list[str]) -> str:
    """Which rehearsal it is, as far as a mistake may come of it: its problem, and what turned out last."""
    problem = {_SPEC: "", _BARE: " for a problem that shows no tests"}
    last = next(filter(None, reversed(conditions)), "")
    said = problem.get(spec, f" for a problem such as {spec.problem_id}")
    return f"{said}{f', where {last}' if last else ''}"


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


def _number(replay: PatternReplay, at: int) -> str:
    """What a step is called that is wanted now, by its place among those of its yield."""
    return _numbered(replay.position, at, len(replay.wanted or ()))


def _numbered(position: int, at: int, beside: int) -> str:
    """2, or 2a to 2z of several, then 2aa and so on: as v_steps has it."""
    if beside == 1:
        return str(position + 1)
    before = "" if at < 26 else chr(96 + at // 26)
    return f"{position + 1}{before}{chr(97 + at % 26)}"


def _program_of(replay: PatternReplay, at: int) -> str:
    return f"the program of {_number(replay, at)}"


def _calls(steps: Iterable[Step]) -> int:
    return sum(isinstance(step, CompletionStep) for step in steps)


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
