"""Right programs that a judge may refuse for how they are written: each sums the numbers up to the one given.

A person who runs them with a plain Python sees the right answer. By what they use, for each way of calling.
"""

#: Parts of functions: what stands before, and the body of a function of `x`.
_FUNCTIONS = {
    "plainly": ("", "return x * (x + 1) // 2"),
    "`print`": ("", "print('x' * 10000)\n    print(x, flush=True)\n    return sum(range(x + 1))"),
    "recursion": (
        "import sys\nsys.setrecursionlimit(20000)\ndef up(n): return n and n + up(n - 1)\n",
        "up(5000)\n    return up(x)",
    ),
    "threads": (
        "import threading\n",
        "parts = []\n    each = [threading.Thread(target=parts.append, args=(n,)) for n in range(x + 1)]\n"
        "    for one in each: one.start()\n    for one in each: one.join()\n    return sum(parts)",
    ),
    "`global`": (
        "total = 0\ndef add(n):\n    global total\n    total += n\n",
        "global total\n    total = 0\n    for n in range(x + 1): add(n)\n    return total",
    ),
    "`from __future__`": (
        "from __future__ import annotations\ndef up(n: Later) -> Later: return sum(range(n + 1))\n",
        "return up(x)",
    ),
    "a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass Part:\n    size: int\n",
        "return sum(part.size for part in map(Part, range(x + 1)))",
    ),
    "an own `__eq__`": (
        "class Number:\n    def __init__(self, n): self.n = n\n"
        "    def __eq__(self, other): return self.n == other.n\n"
        "    def __hash__(self): return hash(self.n)\n",
        "return sum(each.n for each in {Number(n) for n in range(x + 1)} if each != Number(0))",
    ),
    "a `__main__` guard": ("", "return sum(range(x + 1))"),
    "`quit()` behind a `__main__` guard": ("", "return sum(range(x + 1))"),
    "a folder for a while": (
        "import os, tempfile\n",
        "with tempfile.TemporaryDirectory() as folder:\n"
        "        path = os.path.join(folder, 'n')\n"
        "        with open(path, 'w') as file: file.write(str(sum(range(x + 1))))\n"
        "        with open(path) as file: return int(file.read())",
    ),
    "`os.getcwd`": ("import os\n", "return sum(range(x + 1)) + 0 * len(os.getcwd())"),
    "`pickle` of an own class": (
        "import pickle\nclass Part:\n    def __init__(self, n): self.n = n\n",
        "return pickle.loads(pickle.dumps(Part(sum(range(x + 1))))).n",
    ),
    "`asyncio`": (
        "import asyncio\nasync def up(n):\n    await asyncio.sleep(0)\n    return sum(range(n + 1))\n",
        "return asyncio.run(up(x))",
    ),
    "numpy": ("import numpy as np\n", "return np.arange(x + 1).sum()"),
}
_AFTER = {
    "a `__main__` guard": "if __name__ == '__main__':\n    import sys\n    print(sys.argv)\n",
    "`quit()` behind a `__main__` guard": "if __name__ == '__main__':\n    quit()\n",
}


def functions(name: str, first: str = "pass") -> dict[str, str]:
    """Programs that define a function of this name; `first` is what it does before anything else."""
    return {
        about: f"{before}def {name}(x):\n    {first}\n    {body}\n{_AFTER.get(about, '')}"
        for about, (before, body) in _FUNCTIONS.items()
    }


def methods() -> dict[str, str]:
    """Programs that define a method `f` of a class `Solution`."""
    return {
        about: f"{code}class Solution:\n    def f(self, x):\n        return g(x)\n"
        for about, code in functions("g").items()
    }


#: Programs that read standard input and write to standard output.
SCRIPTS = {
    "`input`": "x = int(input())\nprint(x * (x + 1) // 2)\n",
    "`open(0)`": "x = int(open(0).read())\nprint(sum(range(x + 1)))\n",
    "`open(0)` and lines": "x, = [int(line) for line in open(0)]\nprint(sum(range(x + 1)))\n",
    "`os.read` and `os.write`": "import os\nx = int(os.read(0, 99))\nos.write(1, b'%d\\n' % sum(range(x + 1)))\n",
    "`sys.stdin.buffer`": "import sys\nx = int(sys.stdin.buffer.readline())\nprint(sum(range(x + 1)))\n",
    "`sys.stdout.buffer`": "import sys\nx = int(input())\nsys.stdout.buffer.write(b'%d\\n' % sum(range(x + 1)))\n",
    "`for line in sys.stdin`": "import sys\nfor line in sys.stdin:\n    print(sum(range(int(line) + 1)))\n",
    "`fileinput`": "import fileinput\nfor line in fileinput.input():\n    print(sum(range(int(line) + 1)))\n",
    "`global`": "total = 0\ndef add(n):\n    global total\n    total += n\n"
    "for n in range(int(input()) + 1): add(n)\nprint(total)\n",
    "a `__main__` guard": "def main(): print(sum(range(int(input()) + 1)))\nif __name__ == '__main__':\n    main()\n",
    "a `__main__` guard, not at its end": "def main(): print(up(int(input())))\n"
    "def up(n): return sum(range(n + 1))\nif __name__ == '__main__': main()\nlast = None\n",
    "`from __future__`": "from __future__ import annotations\ndef up(n: Later): return sum(range(n + 1))\n"
    "print(up(int(input())))\n",
    "`quit()`": "print(sum(range(int(input()) + 1)))\nquit()\nprint('never')\n",
    "`sys.exit()`": "import sys\nprint(sum(range(int(input()) + 1)))\nsys.exit()\n",
    "recursion": "import sys\nsys.setrecursionlimit(20000)\ndef up(n): return n and n + up(n - 1)\n"
    "up(5000)\nprint(up(int(input())))\n",
    "a thread with a large stack": "import sys, threading\n"
    "def main():\n    sys.setrecursionlimit(10**6)\n    print(up(int(input())) + 0 * up(50000))\n"
    "def up(n): return n and n + up(n - 1)\n"
    "threading.stack_size(1 << 27)\nmade = threading.Thread(target=main)\nmade.start()\nmade.join()\n",
    "a dataclass": "from dataclasses import dataclass\n@dataclass\nclass Part:\n    size: int\n"
    "print(sum(part.size for part in map(Part, range(int(input()) + 1))))\n",
    "an own `__eq__`": "class Number:\n    def __init__(self, n): self.n = n\n"
    "    def __eq__(self, other): return self.n == other.n\n    def __hash__(self): return self.n\n"
    "print(sum(each.n for each in {Number(n) for n in range(int(input()) + 1)}))\n",
    "`atexit`": "import atexit\nx = int(input())\natexit.register(lambda: print(sum(range(x + 1))))\n",
    "numpy": "import numpy as np\nprint(np.arange(int(input()) + 1).sum())\n",
}
