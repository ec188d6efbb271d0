"""Finding the program in a model's answer. Text is read, never run; time is linear in its length."""

import ast
import textwrap
from collections.abc import Iterable, Iterator
from threading import Lock

from cachetools import LRUCache, cached

from foureyes.models.digest import digest
from foureyes.worker.patterns.reading import blocks
from foureyes.worker.patterns.reading.blocks import Block
from foureyes.worker.patterns.reading.candidates import Candidate, Worth, gives, is_stub
from foureyes.worker.patterns.reading.program import missing, needed
from foureyes.worker.patterns.reading.statements import Statement, parsed
from foureyes.worker.patterns.reading.thoughts import without_thinking

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Characters of programs that a process remembers.
_REMEMBERED = 16 << 20


def _known_by(text: str, entry_point: str, prompt: str = "") -> str:
    return digest([text, entry_point, prompt])


# A draft is read by every pattern that shares it, and again each time one of them goes on.
@cached(LRUCache(_REMEMBERED, len), _known_by, Lock())
def extract_code(text: str, entry_point: str, prompt: str = "") -> str:
    """The program that an answer offers for `entry_point`; empty if there is none.

    The last block that defines the entry point wins (models correct themselves downwards), and a
    function with a body before a value of that name, that before one that was cut off, that before a
    signature or stub. What such a block lacks and another block defines is put before it. If no
    block defines it, the first of these that there is: the text as a whole, code within a line, a
    body that goes on after the prompt, a class with such a method (LeetCode's form).

    What is taken out: the reasoning section, prose, an unfinished end, and all that the entry point
    does not need (worker/patterns/reading/program.py), for a wrong example is no wrong program. What the model thought
    is never taken. Nothing else is added: an import that the model forgot stays forgotten.
    """
    answer = blocks.plain_lines(without_thinking(text))
    fenced = blocks.fenced(answer)
    offered = [*_candidates([*fenced, *blocks.pieces(answer)], entry_point)]
    best = max(offered, key=lambda one: one.rank, default=None)
    if best is None or best.worth < Worth.ASSIGNED:
        others = _other_places(answer, offered, entry_point, prompt)
        best = next((one for one in others if one.worth >= Worth.ASSIGNED), best)
    if best is None or best.worth == Worth.NOTHING:
        return _undefined(fenced, offered)
    program = _joined(best, offered)
    if best.worth > Worth.NAMED:  # which a stub or a result of the same name would undo
        program = [
            one for one in program if not one.binds(entry_point) or best.worth_of(one) > Worth.NAMED
        ]
    program = needed(program, entry_point)
    return "\n".join(statement.text for statement in program).strip("\n") + "\n"


def _candidates(places: Iterable[Block], entry_point: str) -> Iterator[Candidate]:
    """Each block by the first reading that defines the entry point and is Python as a whole, else by the
    first that defines it, else as it is."""
    for block in {place.text: place for place in places}.values():
        read: list[Candidate] = []
        defines: Candidate | None = None
        for reading in blocks.readings(block.text):
            one = Candidate(block, reading, entry_point)
            read.append(one)
            if one.worth >= Worth.ASSIGNED:
                defines = defines or one
                if one.is_whole:
                    defines = one
                    break
        yield defines or max(read, key=lambda one: one.worth)


def _other_places(
    answer: str, offered: list[Candidate], entry_point: str, prompt: str
) -> Iterator[Candidate]:
    """Where else a program may be than in a block of its own."""
    seen = {candidate.block.text for candidate in offered}
    for places in ([Block(answer, 0)], reversed(blocks.ticked(answer))):
        yield from _candidates([one for one in places if one.text not in seen], entry_point)
    if prompt:
        for candidate in reversed(offered):
            yield from _after_prompt(candidate.block, entry_point, prompt)
    for candidate in reversed(offered):
        yield from _of_class(candidate)


def _after_prompt(block: Block, entry_point: str, prompt: str) -> Iterator[Candidate]:
    """A block as the body of the function whose head the prompt ends with, if it can be."""
    first, _, rest = block.text.strip("\n").partition("\n")
    lines = f"{first}\n{rest}"
    for body in (
        lines,
        f"    {first.strip()}\n{rest}",
        textwrap.indent(textwrap.dedent(lines), "    "),
    ):
        whole = Candidate(block, f"{prompt.rstrip()}\n{body}", entry_point)
        heads = [one.node for one in whole.program if one.binds(entry_point)]
        if any(isinstance(one, _FUNCTIONS) and gives(one) for one in heads):
            yield whole
            return


def _of_class(candidate: Candidate) -> Iterator[Candidate]:
    """The method of a class that has the entry point's name, as a function."""
    name = candidate.entry_point
    for statement in reversed(candidate.program if name in candidate.reading else []):
        if not isinstance(statement.node, ast.ClassDef):
            continue
        for method in statement.node.body:
            if isinstance(method, _FUNCTIONS) and method.name == name and not is_stub(method):
                first = [*method.args.posonlyargs, *method.args.args][:1]
                made = "()" if first and first[0].arg == "self" else ""
                line = f"{name} = {statement.node.name}{made}.{name}"
                yield Candidate(candidate.block, f"{candidate.reading}\n\n{line}", name)
                return


def _joined(best: Candidate, offered: list[Candidate]) -> list[Statement]:
    """A block's statements, after those of others that bind what it lacks; the nearest above first,
    then those below. A helper that is only a stub here is lacking if another block has it."""
    others = [one for one in offered if one.block.line < best.block.line][::-1]
    others += [one for one in offered if one.block.line > best.block.line]
    stubs = {name for one in best.program if _is_stub(one) for name in one.names.binds}
    stubs &= {
        name
        for other in (others if stubs else ())
        for one in other.program
        if isinstance(one.node, _FUNCTIONS) and not is_stub(one.node)
        for name in one.names.binds
    }
    stubs.discard(best.entry_point)
    program = [one for one in best.program if not (_is_stub(one) and stubs & one.names.binds)]
    lacks = missing(program)
    own = {name for statement in program for name in statement.names.binds}
    for other in others:
        if not lacks:
            break
        helps = [one for one in other.program if not own & one.names.binds]
        if stubs:
            helps = [one for one in helps if not _is_stub(one)]
        bound = {name for statement in helps for name in statement.names.binds}
        if bound & lacks:
            program = helps + program
            own |= bound
            lacks = (lacks | missing(helps)) - bound
    return program


def _is_stub(statement: Statement) -> bool:
    return isinstance(statement.node, _FUNCTIONS) and is_stub(statement.node)


def _undefined(fenced: list[Block], offered: list[Candidate]) -> str:
    """What to judge of an answer that does not define the entry point: its last Python that defines
    anything but tests, with what that lacks; else its last Python, else its last block."""
    last = ""
    for candidate in reversed(offered):
        text = textwrap.dedent(candidate.block.text).strip("\n")
        tree = parsed(text)
        if tree is None or not tree.body:
            continue
        last = last or text
        if any(
            isinstance(node, (*_FUNCTIONS, ast.ClassDef))
            and not node.name.lower().startswith("test")
            for node in tree.body
        ):
            program = _joined(candidate, offered)
            if len(program) == len(candidate.program):
                last = text
            else:
                last = "\n".join(statement.text for statement in program).strip("\n")
            break
    last = last or (fenced[-1].text if fenced else "").strip("\n")
    return last + "\n" if last else ""
