"""What programs use and return, and what becomes of it: the tables of docs/judge.md.

    python -m tests.parity.uses

writes them anew, EvalPlus's column too. Each program must return True.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from foureyes.evaluation import evalplus
from foureyes.judging import profiles
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.models.enums import Level

PAGE = Path(__file__).parents[2] / "docs" / "judge.md"
_ANY = "from collections import *\nimport array, datetime, numpy as np\nfrom fractions import Fraction\nfrom decimal import Decimal\nfrom types import MappingProxyType\nfrom enum import IntEnum\n"

#: Programs by what they use.
PROGRAMS = {
    "reads `input()`, which is at its end": """
        def f():
            try: input()
            except EOFError: return True
    """,
    "`sys.stdin.read()`": "import sys\ndef f(): return sys.stdin.read() == ''",
    "`open(0).read()`": "def f(): return open(0).read() == ''",
    "`print`, a million characters": "def f(): return print('x' * 10**6) is None",
    "prints a lone surrogate": "def f(): return print(chr(0xd800)) is None",
    "`sys.stdout.buffer`": "import sys\ndef f(): return sys.stdout.buffer.write(b'x') == 1",
    "`sys.stdout.reconfigure`": "import sys\nsys.stdout.reconfigure(line_buffering=True)\ndef f(): return True",
    "prints to `sys.stderr`": "import sys\ndef f(): return print('x', file=sys.stderr) is None",
    "`asyncio.run`": """
        import asyncio
        async def g(x):
            await asyncio.sleep(0.001)
            return x
        async def main(): return await asyncio.gather(g(1), g(2))
        def f(): return asyncio.run(main()) == [1, 2]
    """,
    "`asyncio.to_thread`": """
        import asyncio
        async def main(): return await asyncio.to_thread(int, "7")
        def f(): return asyncio.run(main()) == 7
    """,
    "`threading.Thread`, a hundred at once": """
        import threading
        def f():
            threads = [threading.Thread(target=go.wait) for _ in range(100)]
            for thread in threads: thread.start()
            go.set()
            for thread in threads: thread.join()
            return True
        go = threading.Event()
    """,
    "`threading.Timer`": """
        import threading
        def f():
            done = threading.Event()
            threading.Timer(0.01, done.set).start()
            return done.wait(5)
    """,
    "`ThreadPoolExecutor`": """
        from concurrent.futures import ThreadPoolExecutor
        def f():
            with ThreadPoolExecutor(4) as pool: return list(pool.map(int, "123")) == [1, 2, 3]
    """,
    "`multiprocessing.pool.ThreadPool`": """
        from multiprocessing.pool import ThreadPool
        def f():
            with ThreadPool(4) as pool: return pool.map(int, "123") == [1, 2, 3]
    """,
    "`multiprocessing.Lock`": """
        import multiprocessing
        def f():
            with multiprocessing.Lock(): return True
    """,
    "`multiprocessing.RLock`, `Semaphore`, `Event`, `Condition`": """
        import multiprocessing as m
        def f():
            lock, changed, event, few = m.RLock(), m.Condition(), m.Event(), m.Semaphore(2)
            with lock, lock, changed, few: changed.notify_all()
            event.set()
            return event.wait(1) and not changed._lock._semlock._is_mine()
    """,
    "`multiprocessing.Queue`": """
        import multiprocessing
        def f():
            queue = multiprocessing.Queue()
            queue.put(7)
            return queue.get(timeout=5) == 7
    """,
    "`multiprocessing.Pool`": """
        import multiprocessing
        def f():
            with multiprocessing.Pool(2) as pool: return pool.map(abs, [-1, 2]) == [1, 2]
    """,
    "`ProcessPoolExecutor`": """
        from concurrent.futures import ProcessPoolExecutor
        def f():
            with ProcessPoolExecutor(2) as pool: return list(pool.map(abs, [-1])) == [1]
    """,
    "`os.fork`": """
        import os
        def f():
            child = os.fork()
            if child == 0: os._exit(0)
            return os.waitpid(child, 0)[1] == 0
    """,
    "`subprocess.run`": """
        import subprocess, sys
        def f(): return subprocess.run([sys.executable, "-c", ""]).returncode == 0
    """,
    "a socket": "import socket\ndef f(): return socket.socket().close() is None",
    "`open`, to write and to read": """
        def f():
            with open("x.txt", "w") as file: file.write("x")
            with open("x.txt") as file: return file.read() == "x"
    """,
    "`tempfile.TemporaryDirectory`": """
        import os, tempfile
        def f():
            with tempfile.TemporaryDirectory() as folder: return os.listdir(folder) == []
    """,
    "`tempfile.NamedTemporaryFile`": """
        import tempfile
        def f():
            with tempfile.NamedTemporaryFile() as file: return file.write(b"x") == 1
    """,
    "`os.getcwd`": "import os\ndef f(): return bool(os.getcwd())",
    "`os.environ`": "import os\ndef f(): return os.environ.get('no such name') is None",
    "`time.sleep(0.1)`": "import time\ndef f(): return time.sleep(0.1) is None",
    "`signal.alarm`": """
        import signal, time
        class Late(Exception): pass
        def late(*_): raise Late
        def f():
            signal.signal(signal.SIGALRM, late)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            try: time.sleep(5)
            except Late: return True
    """,
    "`secrets`, `random.SystemRandom`, `uuid.uuid1`, `uuid4`": """
        import random, secrets, uuid
        def f(): return bool(secrets.token_hex() and random.SystemRandom().random() < 1
                             and uuid.uuid1() and uuid.uuid4())
    """,
    "`datetime.now`, `zoneinfo`": """
        from datetime import datetime
        from zoneinfo import ZoneInfo
        def f(): return datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")) < datetime.now(ZoneInfo("UTC")) or True
    """,
    "`hashlib`, `zlib`, `sqlite3` in memory": """
        import hashlib, sqlite3, zlib
        def f(): return bool(hashlib.md5(b"").hexdigest() and zlib.compress(b"")
                             and sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,))
    """,
    "`locale.setlocale`": "import locale\ndef f(): return bool(locale.setlocale(locale.LC_ALL, ''))",
    "`sys.setrecursionlimit`, 20,000 calls deep": """
        import sys
        sys.setrecursionlimit(10**6)
        def g(n): return n and g(n - 1)
        def f(): return g(20_000) == 0
    """,
    "`threading.stack_size`, 100,000 calls deep": """
        import sys, threading
        sys.setrecursionlimit(10**6)
        threading.stack_size(256 << 20)
        def g(n): return n and g(n - 1)
        def f():
            found = []
            thread = threading.Thread(target=lambda: found.append(g(100_000)))
            thread.start()
            thread.join()
            return found == [0]
    """,
    "`functools.cache`": """
        from functools import cache
        @cache
        def g(n): return n if n < 2 else g(n - 1) + g(n - 2)
        def f(): return g(90) == 2880067194370816120
    """,
    "`sys.set_int_max_str_digits`": """
        import sys
        sys.set_int_max_str_digits(0)
        def f(): return len(str(10**10_000)) == 10_001
    """,
    "`decimal.getcontext().prec = 50`": """
        import decimal
        decimal.getcontext().prec = 50
        def f(): return len(str(decimal.Decimal(1) / 7)) == 52
    """,
    "`inspect.getsource`": "import inspect\ndef f(): return 'inspect' in inspect.getsource(f)",
    "`pickle` of a class of its own": """
        import pickle
        from dataclasses import dataclass
        @dataclass
        class Point: x: int
        def f(): return pickle.loads(pickle.dumps(Point(1))) == Point(1)
    """,
    "`from __future__ import annotations`, `typing`": """
        from __future__ import annotations
        from dataclasses import dataclass, field
        from typing import NamedTuple, get_type_hints
        class Pair(NamedTuple):
            left: int
        @dataclass(slots=True)
        class Node:
            next: Node | None = None
        def f(): return get_type_hints(Node)["next"] == Node | None and Pair(1).left == 1
    """,
    "`warnings.simplefilter('error')`": """
        import warnings
        warnings.simplefilter("error")
        def f(): return True
    """,
    "`logging`": "import logging\nlogging.basicConfig()\ndef f(): return logging.warning('x') is None",
    "a byte order mark at its beginning": "\ufeffdef f(): return True",
    "`__file__`": "import os\ndef f(): return bool(os.path.abspath(__file__))",
    'what follows `if __name__ == "__main__":`': """
        done = False
        if __name__ == "__main__": done = True
        def f(): return done
    """,
    "`exit()` in a function that is not called": "def g(): exit()\ndef f(): return callable(exit)",
    "`sys.exit()` at its end": "import sys\ndef f(): return True\nsys.exit()",
    "`exit()` at its end": "def f(): return True\nexit()",
    "`random.seed`, `numpy.random.seed`": """
        import random, numpy
        random.seed(0); numpy.random.seed(0)
        def f(): return random.random() < 1 and numpy.random.rand() < 1
    """,
    "`ctypes`, `mmap`": """
        import ctypes, mmap
        def f(): return ctypes.c_int(7).value == 7 and len(mmap.mmap(-1, 10)) == 10
    """,
    "changes `sys.stdout`": """
        import contextlib, io
        def f():
            with contextlib.redirect_stdout(io.StringIO()) as out: print("x")
            return out.getvalue() == "x\\n"
    """,
}

#: Values, as Python writes them: what is expected, what is returned.
VALUES: Sequence[tuple[str, str]] = (
    ("1", "True"),
    ("1", "1.0"),
    ("1", "Fraction(1)"),
    ("0.5", "Decimal('0.5')"),
    ("1", "IntEnum('E', 'A').A"),
    ("0.3", "0.1 + 0.2"),
    ("0.3", "np.float64(0.1) + 0.2"),
    ("[0.3]", "[np.float64(0.1) + 0.2]"),
    ("0.3", "np.float32(0.3)"),
    ("0.3", "np.float16(0.3)"),
    ("{'a': 0.3}", "{'a': np.float32(0.3)}"),
    ("0.3", "Decimal('0.3')"),
    ("0.3", "Fraction(3, 10)"),
    ("2.0", "2"),
    ("2.0000001", "2"),
    ("float('nan')", "float('inf') - float('inf')"),
    ("[float('nan')]", "[np.float64('nan')]"),
    ("{0.0: 'a'}", "{-0.0: 'a'}"),
    ("3", "np.int64(3)"),
    ("[1, 2]", "list(np.arange(1, 3))"),
    ("[1, 2]", "np.arange(1, 3)"),
    ("5", "np.array([5])"),
    ("[5]", "np.array([5])"),
    ("{'a': 5}", "{'a': np.array([5])}"),
    ("[1, 2]", "(1, 2)"),
    ("(1, 2)", "namedtuple('P', 'x y')(1, 2)"),
    ("[1, 2]", "UserList([1, 2])"),
    ("[1, 2]", "deque([1, 2])"),
    ("[1, 2]", "range(1, 3)"),
    ("[1, 2]", "array.array('i', [1, 2])"),
    ("[1, 2]", "iter([1, 2])"),
    ("deque([1, 2])", "deque([1, 2])"),
    ("range(1, 3)", "range(1, 3)"),
    ("datetime.date(2026, 1, 2)", "datetime.date(2026, 1, 2)"),
    ("b'ab'", "bytearray(b'ab')"),
    ("b'ab'", "memoryview(b'ab')"),
    ("'ab'", "UserString('ab')"),
    ("{1, 2}", "frozenset({1, 2})"),
    ("{1, 2}", "{1: 0, 2: 0}.keys()"),
    ("{(1, 0)}", "{1: 0}.items()"),
    ("{'a': 2}", "Counter('aa')"),
    ("{'a': 1, 'b': 2}", "OrderedDict([('b', 2), ('a', 1)])"),
    ("{'a': 2}", "defaultdict(int, a=2)"),
    ("{'a': 2}", "UserDict(a=2)"),
    ("{'a': 2}", "ChainMap({'a': 2})"),
    ("{'a': 2}", "MappingProxyType({'a': 2})"),
    ("1", "type('Always', (), {'__eq__': lambda self, other: True})()"),
)


@dataclass(frozen=True)
class Case:
    """A program that returns `returned` where a reference returns `expected`."""

    name: tuple[str, ...]
    code: str
    reference: str = "def f(): return True"


def cases() -> list[Case]:
    """All of them; those of the first table have a name, those of the second two."""
    found = [Case((name,), dedent(code)) for name, code in PROGRAMS.items()]
    for expected, returned in VALUES:
        codes = (f"{_ANY}def f(): return {value}" for value in (returned, expected))
        found.append(Case((f"`{expected}`", f"`{returned}`"), *codes))
    return found


def in_python(case: Case) -> bool:
    """Whether plain Python finds it right, with an assert in a file."""
    program = f"{case.code}\nfrom runpy import run_path\n"
    program += "import pathlib\n_r = {}\nexec(pathlib.Path('reference.py').read_text(), _r)\n"
    program += "assert f() == _r['f']()\npathlib.Path('reached').mkdir()\n"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "reference.py").write_text(case.reference)
        Path(folder, "program.py").write_text(program)
        ended = subprocess.run(
            [sys.executable, "program.py"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return ended.returncode == 0 and Path(folder, "reached").exists()


def here(profile: profiles.Profile, level: Level, slot: int) -> list[bool]:
    """Whether our judge finds each right."""
    judge = Judge(slot, profile, (level,))
    try:
        return [
            judge.hidden(
                FunctionTests(
                    "Uses/0", "f", case.reference, [[]], [], 0.0, f"{abs(hash(case)):064x}"
                ),
                case.code,
            ).solved
            for case in cases()
        ]
    finally:
        judge.close()


def in_evalplus() -> list[bool]:
    """Whether EvalPlus does."""
    found = cases()
    records: list[dict[str, Any]] = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": f"{case.reference}\n",
            "entry_point": "f",
            "canonical_solution": "",
            "base_input": [[]],
            "plus_input": [],
            "atol": 0,
        }
        for number, case in enumerate(found)
    ]
    samples = [(f"HumanEval/{number}", case.code) for number, case in enumerate(found)]
    verdicts = evalplus.evaluate("humaneval", records, samples, least_limit=15.0).verdicts
    return [verdict.base == "pass" for verdict in verdicts]


def tables(columns: Mapping[str, Sequence[bool]]) -> str:
    """Both tables as markdown."""
    found = cases()
    blocks = []
    for head in (("a program that uses",), ("expected", "returned")):
        lines = [f"| {' | '.join([*head, *columns])} |"]
        lines.append(f"|{'---|' * len(head)}{':-:|' * len(columns)}")
        for case, *right in zip(found, *columns.values(), strict=True):
            if len(case.name) == len(head):
                words = [*case.name, *("yes" if one else "-" for one in right)]
                lines.append(f"| {' | '.join(words)} |")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def columns_of(page: str) -> dict[str, list[bool]]:
    """The columns as the page has them, in the order of the cases."""
    columns: dict[str, list[bool]] = {}
    titles: list[str] = []
    for line in page.partition(_BEGIN)[2].partition(_END)[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) < 4:
            continue
        if "default" in cells[-1]:
            titles = cells
        else:
            for title, cell in zip(titles[-4:], cells[-4:], strict=True):
                columns.setdefault(title, []).append(cell == "yes")
    return columns


PYTHON, THEIRS, STRICT, DEFAULT = (
    "plain Python",
    "EvalPlus 0.3.1",
    "`evalplus-0.3.1`",
    "`default`",
)
_BEGIN, _END = "<!-- made by python -m tests.parity.uses -->\n", "<!-- end -->"


def main() -> None:
    """Write the tables into the page."""
    made = tables(
        {
            PYTHON: [in_python(case) for case in cases()],
            THEIRS: in_evalplus(),
            STRICT: here(profiles.EVALPLUS, Level.A, 30),
            DEFAULT: here(profiles.DEFAULT, Level.A, 31),
        }
    )
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(f"{before}{_BEGIN}\n{made}\n\n{_END}{rest.partition(_END)[2]}")


if __name__ == "__main__":
    main()
