"""Problems in BigCodeBench's format, small and our own: three, of which two share a process with their tests."""

import json
from typing import Any

from foureyes.judging.formats.bigcodebench.record import BigCodeBenchProblem

#: Calls and answers are values.
SORTED = """
import unittest
class TestCases(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(task_func([3, 1, 2]), [1, 2, 3])
    def test_texts(self):
        self.assertEqual(task_func(["b", "a"]), ["a", "b"])
    def test_empty(self):
        self.assertFalse(task_func([]))
    def test_no_list(self):
        with self.assertRaises(TypeError):
            task_func(5)
"""
#: A function is given, which no other process could call.
APPLIED = """
import unittest
class TestCases(unittest.TestCase):
    def setUp(self):
        self.add = lambda x: x + 1
    def test_add(self):
        self.assertEqual(task_func(self.add, 3), [4])
    def test_twice(self):
        self.assertEqual(task_func(lambda x: 2 * x, 5), [10])
        self.assertNotEqual(task_func(lambda x: 2 * x, 5), [11])
"""
#: A file is written, which the tests read.
WRITTEN = """
import os, tempfile, unittest
class TestCases(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
    def test_text(self):
        path = os.path.join(self.folder, "a")
        self.assertEqual(task_func(path, "text"), 4)
        with open(path) as file:
            self.assertEqual(file.read(), "text")
    def test_nothing(self):
        self.assertEqual(task_func(os.path.join(self.folder, "b"), ""), 0)
"""


def record(
    prompt: str, solution: str, test: str, task_id: str = "BigCodeBench/0", **changed: Any
) -> dict[str, Any]:
    """What the file has in a line."""
    return {
        "task_id": task_id,
        "complete_prompt": prompt,
        "instruct_prompt": "Do it.",
        "canonical_solution": solution,
        "code_prompt": prompt,
        "test": test,
        "entry_point": "task_func",
        "doc_struct": "{}",
        "libs": "['os']",
    } | changed


def problem(fields: dict[str, Any]) -> BigCodeBenchProblem:
    """The problem of a record."""
    return BigCodeBenchProblem.read("bigcodebench", json.dumps(fields), fields)


RECORDS = {
    "sorted": record(
        'def task_func(items):\n    """Sort them."""\n', "    return sorted(items)\n", SORTED
    ),
    "applied": record('def task_func(f, x):\n    """Call it."""\n', "    return [f(x)]\n", APPLIED),
    "written": record(
        'def task_func(path, text):\n    """Write it; how long it is."""\n',
        "    with open(path, 'w') as file:\n        return file.write(text)\n",
        WRITTEN,
    ),
}
