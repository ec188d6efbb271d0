"""Programs for the contest set, in many manners: how they read, write, are built and end, and what they return.

Each is made of a right or a wrong solution and of parts that are known by name; no program is written by
hand twice.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import indent

from foureyes.problems import contest_build
from foureyes.problems.contest_shape import Task

#: Programs of chosen manners for each problem, drawn at random beside those that are made in any case.
_DRAWN = 80


@dataclass(frozen=True)
class Program:
    """One program. `parts` are the names of what it is made of; `right` is None where that depends.

    `kind` is the class that it is counted in.
    """

    problem_id: str
    kind: str
    parts: tuple[str, ...]
    code: str
    right: bool | None


READS = {
    "input()": (
        "lines = []\ntry:\n    while True: lines.append(input())\nexcept EOFError: pass\n"
        "text = '\\n'.join(lines) + '\\n'"
    ),
    "sys.stdin.read()": "import sys\ntext = sys.stdin.read()",
    "for line in sys.stdin": "import sys\ntext = ''.join(line for line in sys.stdin)",
    "sys.stdin.readline()": (
        "import sys\nlines = []\nwhile line := sys.stdin.readline(): lines.append(line)\n"
        "text = ''.join(lines)"
    ),
    "sys.stdin.readlines()": (
        "import sys\ntext = '\\n'.join(line.rstrip('\\n') for line in sys.stdin.readlines()) + '\\n'"
    ),
    "iter(input, '')": "import sys\ntext = ''.join(iter(sys.stdin.readline, ''))",
    "input = sys.stdin.readline": (
        "import sys\ninput = sys.stdin.readline\ntext = ''\nwhile line := input(): text += line"
    ),
    "stdin of sys": "from sys import stdin\ntext = stdin.read()",
    "for line in stdin of sys": "from sys import stdin\ntext = ''.join(line for line in stdin)",
    "open(0)": "text = open(0).read()",
    "for line in open(0)": "text = ''.join(line for line in open(0))",
    "os.read(0)": "import os\ntext = os.read(0, 1 << 20).decode()",
    "sys.stdin.buffer": "import sys\ntext = sys.stdin.buffer.read().decode()",
    "fileinput": "import fileinput\ntext = ''.join(fileinput.input())",
}
WRITES = {
    "print": "print(answer)",
    "print line by line": "for line in answer.split('\\n'): print(line)",
    "print without an end": "print(answer, end='')",
    "print and flush": "print(answer, flush=True)",
    "space around": "print()\nprint('  ' + answer.replace('\\n', ' \\n') + '  ')\nprint('\\n')",
    "carriage returns": "print(answer.replace('\\n', '\\r\\n'), end='\\r\\n')",
    "letter by letter": "for letter in answer: print(letter, end='')",
    "sys.stdout.write": "import sys\nsys.stdout.write(answer + '\\n')",
    "stdout of sys": "from sys import stdout\nstdout.write(answer)",
    "sys.stdout.writelines": "import sys\nsys.stdout.writelines([answer, '\\n'])",
    "sys.stdout.buffer": "import sys\nsys.stdout.buffer.write(answer.encode())",
    "os.write(1)": "import os\nos.write(1, answer.encode())",
    "open(1)": "with open(1, 'w') as out: out.write(answer)",
    "redirect_stdout": (
        "import contextlib, io\nheld = io.StringIO()\nwith contextlib.redirect_stdout(held): print(answer)\n"
        "print(held.getvalue())"
    ),
    "logging beside": "import logging\nlogging.warning('done')\nprint(answer)",
}
WRONG_WRITES = {
    "to stderr": "import sys\nprint(answer, file=sys.stderr)",
    "nothing": "answer",
    "twice": "print(answer)\nprint(answer)",
    "a word before": "print('Answer:', answer)",
    "empty lines between": "print(answer.replace('\\n', '\\n\\n'))\nprint('.')",
    "a list": "print([answer])",
}


def _main(core: str, body: str) -> str:
    return f"{core}\ndef main():\n{indent(body, '    ')}\n"


#: How a program is built around its solution and the lines that read and answer.
SHAPES: dict[str, Callable[[str, str], str]] = {
    "plain": lambda core, body: f"{core}\n{body}\n",
    "main()": lambda core, body: f"{_main(core, body)}\nmain()\n",
    "a guard at the end": lambda core, body: f"{_main(core, body)}\nif __name__ == '__main__':\n    main()\n",
    "a guard with else": lambda core, body: (
        f"{_main(core, body)}\nif __name__ == '__main__':\n    main()\nelse:\n    pass\n"
    ),
    "a guard the other way round": lambda core, body: (
        f"{_main(core, body)}\nif '__main__' == __name__:\n    main()\n"
    ),
    "a guard in the middle": lambda core, body: (
        f"{_main(core, body)}\nif __name__ == '__main__':\n    main()\nx = 1\n"
    ),
    "a class": lambda core, body: (
        f"{core}\nclass Program:\n    def run(self):\n{indent(body, '        ')}\nProgram().run()\n"
    ),
    "a class named Solution": lambda core, body: (
        f"{core}\nclass Solution:\n    def run(self):\n{indent(body, '        ')}\nSolution().run()\n"
    ),
    "global": lambda core, body: (
        f"answers = 0\n{core}\ndef main():\n    global answers\n    answers += 1\n"
        f"{indent(body, '    ')}\nmain()\n"
    ),
    "nonlocal": lambda core, body: (
        f"{core}\ndef main():\n    count = 0\n    def more():\n        nonlocal count\n        count += 1\n"
        f"    more()\n{indent(body, '    ')}\nmain()\n"
    ),
    "from __future__": lambda core, body: f"from __future__ import annotations\n{core}\n{body}\n",
    "a docstring": lambda core, body: f'"""Solves it. Ä 😀"""\n# -*- coding: utf-8 -*-\n{core}\n{body}\n',
    "exit()": lambda core, body: f"{core}\n{body}\nexit()\n",
    "quit()": lambda core, body: f"{core}\n{body}\nquit()\n",
    "sys.exit()": lambda core, body: f"import sys\n{core}\n{body}\nsys.exit()\n",
    "raise SystemExit": lambda core, body: f"{core}\n{body}\nraise SystemExit\n",
    "sys.exit(main())": lambda core, body: f"import sys\n{_main(core, body)}\nsys.exit(main())\n",
    "os._exit(0)": lambda core, body: (
        f"import os, sys\n{core}\n{body}\nsys.stdout.flush()\nos._exit(0)\n"
    ),
    "a thread": lambda core, body: (
        f"import threading\n{_main(core, body)}\nt = threading.Thread(target=main)\nt.start()\nt.join()\n"
    ),
    "a thread that is not waited for": lambda core, body: (
        f"import threading\n{_main(core, body)}\nthreading.Thread(target=main).start()\n"
    ),
    "a thread of a large stack": lambda core, body: (
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(1 << 26)\n"
        f"{_main(core, body)}\nt = threading.Thread(target=main)\nt.start()\nt.join()\n"
    ),
    "asyncio": lambda core, body: (
        f"import asyncio\n{core}\nasync def main():\n{indent(body, '    ')}\nasyncio.run(main())\n"
    ),
    "atexit": lambda core, body: f"import atexit\n{_main(core, body)}\natexit.register(main)\n",
    "exec": lambda core, body: f"exec({f'{core}{chr(10)}{body}'!r}, {{}})\n",
    "exec in place": lambda core, body: f"exec({f'{core}{chr(10)}{body}'!r})\n",
    "names that need no import": lambda core, body: (
        f"{core}\nseen: List[int] = list(accumulate([gcd(4, 6)]))\nd = defaultdict(int)\n{body}\n"
    ),
    "star imports": lambda core, body: f"from math import *\nfrom collections import *\n{core}\n{body}\n",
    "deep recursion": lambda core, body: (
        "import sys\nsys.setrecursionlimit(10**6)\ndef depth(n): return 0 if n == 0 else 1 + depth(n - 1)\n"
        f"{core}\nassert depth(20_000) == 20_000\n{body}\n"
    ),
    "recursion at the limit that is set": lambda core, body: (
        f"def depth(n): return 0 if n == 0 else 1 + depth(n - 1)\n{core}\ndepth(3_000)\n{body}\n"
    ),
    "a decorator": lambda core, body: (
        f"from functools import cache\n{core}\n@cache\ndef main():\n{indent(body, '    ')}\nmain()\n"
    ),
    "a dataclass": lambda core, body: (
        "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    a: int\n    b: int = 0\n"
        f"{core}\nassert Pair(1) == Pair(1, 0)\n{body}\n"
    ),
    "pickle of a class": lambda core, body: (
        "import pickle\nclass Thing: pass\n"
        f"{core}\npickle.loads(pickle.dumps(Thing()))\n{body}\n"
    ),
    "inspect": lambda core, body: f"import inspect\n{core}\ninspect.getsource(solve)\n{body}\n",
    "a recursive class": lambda core, body: (
        f"class Node:\n    def twin(self): return Node()\n{core}\nNode().twin()\n{body}\n"
    ),
    "globals()": lambda core, body: f"{core}\nassert 'solve' in globals()\n{body}\n",
    "a comprehension in a class": lambda core, body: (
        f"class Table:\n    size = 3\n    cells = [0 for _ in range(size)]\n{core}\n{body}\n"
    ),
    "a file": lambda core, body: (
        f"import os, tempfile\n{core}\nwith tempfile.TemporaryFile('w+') as file:\n    file.write('x')\n"
        f"    file.seek(0)\n    assert file.read() == 'x'\n{body}\n"
    ),
    "os.getcwd": lambda core, body: f"import os\n{core}\nos.getcwd()\n{body}\n",
    "sys.argv": lambda core, body: f"import sys\n{core}\nassert len(sys.argv) == 1\n{body}\n",
    "tabs": lambda core, body: f"{core}\nif True:\n{indent(body, chr(9)).replace('    ', chr(9))}\n",
    "handles its end": lambda core, body: (
        f"import sys\n{core}\ntry:\n{indent(body, '    ')}\n    sys.exit()\nexcept SystemExit: pass\n"
    ),
}  # fmt: skip
WRONG_SHAPES: dict[str, Callable[[str, str], str]] = {
    "sys.exit(1)": lambda core, body: f"import sys\n{core}\n{body}\nsys.exit(1)\n",
    "exit('done')": lambda core, body: f"{core}\n{body}\nexit('done')\n",
    "raises at its end": lambda core, body: f"{core}\n{body}\nraise ValueError\n",
    "raises at its beginning": lambda core, body: f"{core}\n1 / 0\n{body}\n",
    "no Python": lambda core, body: f"{core}\n{body}\nprint(\n",
    "a name that is not there": lambda core, body: f"{core}\nnowhere_to_be_found\n{body}\n",
    "a module that is not there": lambda core, body: f"import sortedcontainerz\n{core}\n{body}\n",
    "reads again": lambda core, body: f"{core}\n{body}\ninput()\n",
    "return outside of a function": lambda core, body: f"{core}\n{body}\nreturn\n",
    "recursion without end": lambda core, body: f"{core}\ndef f(): return f()\nf()\n{body}\n",
    "interrupts itself": lambda core, body: f"{core}\n{body}\nraise KeyboardInterrupt\n",
    "a fault": lambda core, body: f"import ctypes\n{core}\nctypes.string_at(0)\n{body}\n",
    "a method": lambda core, body: "class Solution:\n    def solve(self, text):\n        return text\n",
    "never asked": lambda core, body: _main(core, body),
}  # fmt: skip
#: Each of these takes both judges their whole limit, so only a few problems get one.
SLOW = {
    "loops": "while True: pass",
    "sleeps": "import time\ntime.sleep(600)",
    "loops and swallows": "while True:\n    try:\n        while True: pass\n    except Exception: pass",
}

#: What a method makes of the right result before it returns it: an expression of `found`.
RESULTS = {
    "as it is": "found",
    "a tuple": "tuple(found) if isinstance(found, list) else found",
    "tuples within": "[tuple(x) if isinstance(x, list) else (x,) for x in found] if isinstance(found, list) else found",
    "a float": "float(found) if type(found) is int else found",
    "an int": "int(found) if isinstance(found, (bool, float)) else found",
    "a number of numpy": "numpy.int64(found) if type(found) is int else numpy.float64(found) if type(found) is float else found",
    "an array": "numpy.array(found)",
    "numbers of numpy within": "[numpy.int64(x) if type(x) is int else x for x in found] if isinstance(found, list) else found",
    "a Fraction": "fractions.Fraction(found) if isinstance(found, (int, float)) else found",
    "a Decimal": "decimal.Decimal(found) if isinstance(found, (int, float)) else found",
    "a text": "str(found)",
    "JSON": "json.dumps(found)",
    "an iterator": "iter(found) if isinstance(found, list) else found",
    "a UserList": "collections.UserList(found) if isinstance(found, list) else found",
    "a deque": "collections.deque(found) if isinstance(found, list) else found",
    "a range or a list": "found[:]  if isinstance(found, list) else found",
    "a class of its own, of int": "type('Mine', (int,), {})(found) if type(found) is int else found",
    "a class of its own, of list": "type('Mine', (list,), {})(found) if isinstance(found, list) else found",
    "a class of its own, of str": "type('Mine', (str,), {})(found) if type(found) is str else found",
    "nothing": "None",
    "in a list": "[found]",
    "backwards": "found[::-1] if isinstance(found, (list, str)) else -found - 1",
    "a nearby float": "found + 1e-12 if type(found) is float else found",
    "equal to everything": "type('Equal', (), {'__eq__': lambda self, other: True})()",
    "a list equal to everything": "type('Equal', (list,), {'__eq__': lambda self, other: True})()",
}  # fmt: skip

_INNER = "import collections, decimal, fractions, json\nimport numpy\n"


def _solution(core: str, method: str, returned: str, before: str = "", after: str = "") -> str:
    """A Solution that asks the right one, renamed, and returns what is made of its result."""
    name = "Core" + "_" * core.count("class Core")
    inner = core.replace("class Solution", f"class {name}")
    lines = [*before.splitlines(), f"found = {name}().{method}(*given)", *after.splitlines()]
    body = "\n".join(f"        {line}" for line in [*lines, f"return {returned}"])
    return f"{_INNER}{inner}\nclass Solution:\n    def {method}(self, *given):\n{body}\n"


#: How a program with a method is built: of the solution and the method's name.
BUILDS: dict[str, Callable[[str, str], str]] = {
    "as the starter code has it": lambda core, method: core,
    "typing imported": lambda core, method: f"from typing import *\n{core}",
    "a bare function": lambda core, method: (
        f"{core.replace('class Solution', 'class Inner')}\n"
        f"def {method}(*given): return Inner().{method}(*given)\n"
    ),
    "a Solution without the method": lambda core, method: (
        f"{core.replace('class Solution', 'class Inner')}\nclass Solution: pass\n"
        f"def {method}(*given): return Inner().{method}(*given)\n"
    ),
    "class Solution in a comment": lambda core, method: (
        f"# no class Solution here\n{core.replace('class Solution', 'class Inner')}\n"
        f"def {method}(*given): return Inner().{method}(*given)\n"
    ),
    "Solution by another name": lambda core, method: (
        f"{core.replace('class Solution', 'class Inner')}\nSolution = Inner\n"
    ),
    "a base class": lambda core, method: (
        f"{core.replace('class Solution', 'class Base')}\nclass Solution(Base): pass\n"
    ),
    "a static method": lambda core, method: (
        f"{core.replace('class Solution', 'class Inner')}\nclass Solution:\n    @staticmethod\n"
        f"    def {method}(*given): return Inner().{method}(*given)\n"
    ),
    "a property": lambda core, method: (
        f"{core.replace('class Solution', 'class Inner')}\nclass Solution:\n    @property\n"
        f"    def {method}(self): return Inner().{method}\n"
    ),
    "a method by name": lambda core, method: (
        f"{core.replace('class Solution', 'class Inner')}\nclass Solution:\n"
        f"    def __getattr__(self, name):\n        if name == {method!r}: return getattr(Inner(), name)\n"
        "        raise AttributeError(name)\n"
    ),
    "it prints": lambda core, method: _solution(core, method, "found", "print(given)"),
    "it changes what it is given": lambda core, method: _solution(
        core, method, "found", after="if isinstance(given[0], list): given[0].clear()"
    ),
    "it counts": lambda core, method: _solution(
        core, method, "found", "self.calls = getattr(self, 'calls', 0) + 1"
    ),
    "it reads": lambda core, method: _solution(
        core, method, "found", "try: input()\nexcept EOFError: pass"
    ),
    "it recurses": lambda core, method: _solution(
        core, method, "found", "def depth(n): return 0 if n == 0 else 1 + depth(n - 1)\ndepth(9_000)"
    ),
    "it uses threads": lambda core, method: _solution(
        core, method, "found", "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()"
    ),
    "names that need no import": lambda core, method: _solution(
        core, method, "found", "gcd(4, 6), deque(), List[int], math.inf, accumulate([1])"
    ),
    "os.getcwd": lambda core, method: _solution(core, method, "found", "import os\nos.getcwd()"),
    "a guard": lambda core, method: f"{core}\nif __name__ == '__main__':\n    print(Solution().{method}())\n",
    "from __future__": lambda core, method: f"from __future__ import annotations\n{core}",
    "sys.exit() at its end": lambda core, method: f"import sys\n{core}\nsys.exit()\n",
    "a call at its end": lambda core, method: f"{core}\nif False: Solution().{method}()\n",
    "inspect": lambda core, method: (
        f"import inspect\n{core}\nclass Other: pass\ninspect.getsource(Other)\n"
    ),
}  # fmt: skip
WRONG_BUILDS: dict[str, Callable[[str, str], str]] = {
    "another name": lambda core, method: core.replace(f"def {method}", f"def {method}_"),
    "a Solution that wants more": lambda core, method: (
        core.replace("class Solution:", "class Solution:\n    def __init__(self, x): pass\n")
    ),
    "an async method": lambda core, method: core.replace(f"def {method}", f"async def {method}"),
    "a method that yields": lambda core, method: _solution(core, method, "(yield found)"),
    "it raises": lambda core, method: _solution(core, method, "found", "raise ValueError"),
    "it raises sometimes": lambda core, method: _solution(
        core, method, "found", "self.n = getattr(self, 'n', 0) + 1\nif self.n > 3: raise KeyError(self.n)"
    ),
    "it remembers too much": lambda core, method: _solution(
        core, method, "self.kept", after="self.kept = getattr(self, 'kept', found)"
    ),
    "it exits": lambda core, method: _solution(core, method, "found", "exit()"),
    "it ends the process": lambda core, method: _solution(
        core, method, "found", "import os\nos._exit(0)"
    ),
    "it has a fault": lambda core, method: _solution(
        core, method, "found", "import ctypes\nctypes.string_at(0)"
    ),
    "it prints and returns nothing": lambda core, method: _solution(
        core, method, "None", after="print(found)"
    ),
    "no Python": lambda core, method: f"{core}\nprint(\n",
    "a name that is not there": lambda core, method: f"{core}\nnowhere_to_be_found\n",
    "recursion without end": lambda core, method: _solution(
        core, method, "found", f"return self.{method}(*given)"
    ),
    "a program that reads": lambda core, method: "print(input())\n",
}  # fmt: skip


def programs() -> list[Program]:
    """All programs for the contest set, problem by problem."""
    found: list[Program] = []
    for number, task in enumerate(contest_build.tasks(), 1):
        made = _with_method if task.starter else _whole
        found += made(f"contest_{number:02}", number, task)
    return found


def _whole(problem_id: str, number: int, task: Task) -> Iterator[Program]:
    draw = random.Random(problem_id)
    core = task.core()

    def program(
        kind: str, read: str, write: str, shape: str, right: bool | None, solution: str = core
    ) -> Program:
        lines = f"{READS[read]}\nanswer = solve(text)\n{(WRITES | WRONG_WRITES)[write]}"
        code = (SHAPES | WRONG_SHAPES)[shape](solution, lines)
        return Program(problem_id, kind, (read, write, shape), code, right)

    for read in READS:
        yield program("reads", read, "print", "plain", True)
    for write in WRITES:
        yield program("writes", "sys.stdin.read()", write, "plain", True)
    for write in WRONG_WRITES:
        yield program(
            "writes wrongly", "input()", write, "main()", None if write == "a list" else False
        )
    for shape in SHAPES:
        yield program("right, built", "input()", "print", shape, True)
    for shape in WRONG_SHAPES:
        yield program("fails, built", "input()", "print", shape, False)
    for wrong in task.wrong_cores().values():
        yield program(
            "a wrong solution", "input()", "print", draw.choice(list(SHAPES)), False, wrong
        )
    for _ in range(_DRAWN):
        read, write, shape = (draw.choice(list(names)) for names in (READS, WRITES, SHAPES))
        yield program("drawn", read, write, shape, None)
    if number < 6:
        for name, code in SLOW.items():
            yield Program(problem_id, "slow", (name,), f"{core}\n{code}\n", False)


def _with_method(problem_id: str, number: int, task: Task) -> Iterator[Program]:
    draw = random.Random(problem_id)
    core, method = task.core(), task.method
    for name, build in BUILDS.items():
        yield Program(problem_id, "method, built", (name,), build(core, method), True)
    for name, build in WRONG_BUILDS.items():
        yield Program(problem_id, "method fails, built", (name,), build(core, method), False)
    for name, returned in RESULTS.items():
        code = _solution(core, method, returned)
        yield Program(problem_id, "returns", (name,), code, None)
    for wrong in task.wrong_cores().values():
        name = draw.choice(["as the starter code has it", "a bare function", "a base class"])
        yield Program(problem_id, "a wrong method", (name,), BUILDS[name](wrong, method), False)
    for _ in range(_DRAWN // 2):
        returned, build = draw.choice(list(RESULTS)), draw.choice(list(BUILDS))
        inner = _solution(core, method, RESULTS[returned])
        yield Program(
            problem_id, "method, drawn", (build, returned), BUILDS[build](inner, method), None
        )
    if number < 6:
        for name, code in SLOW.items():
            slow = _solution(core, method, "found", code)
            yield Program(problem_id, "slow", (name,), slow, False)
