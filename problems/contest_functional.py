"""Ten problems whose programs have a method that is called."""

from foureyes.problems.contest_shape import Task


def _numbers(r, count, low, high):
    return [r.randint(low, high) for _ in range(count)]


def _words(r, count):
    return ["".join(r.choice("xyz") for _ in range(r.randint(1, 2))) for _ in range(count)]


def _grid(r, h, w):
    return [_numbers(r, w, -9, 9) for _ in range(h)]


def _roads(r, n, count):
    return [[r.randrange(n), r.randrange(n), r.randint(1, 99)] for _ in range(count)]


FUNCTIONAL = [
    Task(
        title="Running Peaks",
        difficulty="easy",
        content="""
A hiker notes the height at each hour. Return the indices of the hours at which the height was greater
than at every hour before. The first hour always counts.

Example: heights = [3, 1, 4, 4, 5] gives [0, 2, 4].
""",
        starter="class Solution:\n    def runningPeaks(self, heights: List[int]) -> List[int]:\n        ",
        solution="""
class Solution:
    def runningPeaks(self, heights: List[int]) -> List[int]:
        found = []
        for hour, height in enumerate(heights):
            if not found or height > heights[found[-1]]:
                found.append(hour)
        return found
""",
        wrong={
            "counts equal heights": [("height > heights", "height >= heights")],
            "looks one hour back": [("heights[found[-1]]", "heights[hour - 1]")],
            "tells the heights": [
                ("found.append(hour)", "found.append(hour)"),
                ("return found", "return [heights[hour] for hour in found]"),
            ],
        },
        public=[[[3, 1, 4, 4, 5]], [[7]]],
        private=lambda r: (
            [[[1, 2, 3]], [[3, 2, 1]], [[2, 2]], [[-5, -7, -6, -1]]]
            + [[_numbers(r, n, -50, 50)] for n in (5, 12, 60, 300)]
        ),
    ),
    Task(
        title="Monogram",
        difficulty="easy",
        content="""
Return the monogram of a name: the first letter of each word, in upper case, each followed by a dot.
Words are separated by one or more spaces.

Example: name = "ada  king lovelace" gives "A.K.L."
""",
        starter="class Solution:\n    def monogram(self, name: str) -> str:\n        ",
        solution="""
class Solution:
    def monogram(self, name: str) -> str:
        return "".join(word[0].upper() + "." for word in name.split())
""",
        wrong={
            "leaves the case": [("word[0].upper()", "word[0]")],
            "no dot at the end": [
                ('"".join(word[0].upper() + "." for', '".".join(word[0].upper() for')
            ],
            "trips over two spaces": [("name.split()", 'name.split(" ")'), ("word[0]", "word[:1]")],
        },
        public=[["ada  king lovelace"], ["x"]],
        private=lambda r: (
            [["Grace Hopper"], ["  alan  turing "], [""], ["a b c d"], ["Ödön"]]
            + [["  ".join(_words(r, n))] for n in (3, 9, 40)]
        ),
        packed=True,
    ),
    Task(
        title="Fair Apples",
        difficulty="easy",
        content="""
Some baskets of apples are shared among children, all apples together, so that each child gets equally
many. Return how many apples have to be bought at least.

Example: baskets = [3, 4], children = 4 gives 1.
""",
        starter=(
            "class Solution:\n    def fairApples(self, baskets: List[int], children: int) -> int:\n        "
        ),
        solution="""
class Solution:
    def fairApples(self, baskets: List[int], children: int) -> int:
        return -sum(baskets) % children
""",
        wrong={
            "tells what is left over": [("-sum(baskets) % children", "sum(baskets) % children")],
            "buys when nothing is missing": [
                ("-sum(baskets) % children", "children - sum(baskets) % children")
            ],
            "shares each basket": [
                ("-sum(baskets) % children", "sum(-basket % children for basket in baskets)")
            ],
        },
        public=[[[3, 4], 4], [[6], 3]],
        private=lambda r: (
            [[[], 3], [[1], 1], [[5, 5], 4], [[0, 0], 7]]
            + [[_numbers(r, n, 0, 999), r.randint(2, 50)] for n in (2, 7, 20, 90)]
        ),
    ),
    Task(
        title="Favourite Words",
        difficulty="medium",
        content="""
Return the k words that occur most often in a list, the most frequent first; of equally frequent ones the
one that comes first in the alphabet. If there are fewer than k different words, return all of them.

Example: words = ["b", "a", "b", "c"], k = 2 gives ["b", "a"].
""",
        starter=(
            "class Solution:\n    def favouriteWords(self, words: List[str], k: int) -> List[str]:\n        "
        ),
        solution="""
class Solution:
    def favouriteWords(self, words: List[str], k: int) -> List[str]:
        counts = {}
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        return sorted(counts, key=lambda word: (-counts[word], word))[:k]
""",
        wrong={
            "keeps the order of ties": [("(-counts[word], word)", "-counts[word]")],
            "least frequent first": [("(-counts[word], word)", "(counts[word], word)")],
            "forgets k": [("[:k]", "")],
        },
        public=[[["b", "a", "b", "c"], 2], [["z"], 3]],
        private=lambda r: (
            [[[], 1], [["q", "p"], 1], [["b", "a"], 0], [["b", "b", "a", "a"], 2]]
            + [[_words(r, n), r.randint(1, 9)] for n in (6, 15, 60, 200)]
        ),
        packed=True,
    ),
    Task(
        title="Walk on the Ring",
        difficulty="medium",
        content="""
Stations 0 to n - 1 lie on a ring. A step leads to a neighbour. Some stations are closed and cannot be
entered. Return the fewest steps from one station to another, or -1 if there is no way. Start and goal
are open.

Example: n = 6, start = 0, goal = 2, closed = [1] gives 4.
""",
        starter=(
            "class Solution:\n"
            "    def walk(self, n: int, start: int, goal: int, closed: List[int]) -> int:\n        "
        ),
        solution="""
class Solution:
    def walk(self, n: int, start: int, goal: int, closed: List[int]) -> int:
        if start == goal:
            return 0
        found = []
        for step in (1, -1):
            at, steps = start, 0
            while at != goal and at not in closed:
                at, steps = (at + step) % n, steps + 1
            if at == goal:
                found.append(steps)
        return min(found, default=-1)
""",
        wrong={
            "walks one way only": [("(1, -1)", "(1,)")],
            "ignores what is closed": [(" and at not in closed", "")],
            "takes the long way": [("min(found, default=-1)", "max(found, default=-1)")],
        },
        public=[[6, 0, 2, [1]], [4, 3, 0, []]],
        private=lambda r: (
            [[5, 2, 2, [1, 3]], [4, 0, 2, [1, 3]], [2, 0, 1, []], [9, 8, 1, [0]]]
            + [[n, 1, n - 2, _numbers(r, 1, 2, n - 3)] for n in (7, 10, 31, 100)]
        ),
    ),
    Task(
        title="Even Pieces",
        difficulty="medium",
        content="""
A ribbon of `a` and `b` is to be cut into as many pieces as possible, so that each has as many `a` as `b`.
Return the number of pieces, or 0 if the ribbon cannot be cut like that. An empty ribbon has none.

Example: ribbon = "abbaab" gives 3.
""",
        starter="class Solution:\n    def evenPieces(self, ribbon: str) -> int:\n        ",
        solution="""
class Solution:
    def evenPieces(self, ribbon: str) -> int:
        pieces = more = 0
        for letter in ribbon:
            more += 1 if letter == "a" else -1
            pieces += more == 0
        return pieces if more == 0 else 0
""",
        wrong={
            "forgets what is left": [("pieces if more == 0 else 0", "pieces")],
            "cuts pairs only": [("pieces += more == 0", 'pieces += more == 0 and letter == "b"')],
            "tells the cuts": [("return pieces if", "return pieces - 1 if")],
        },
        public=[["abbaab"], ["aab"]],
        private=lambda r: (
            [[""], ["ab"], ["ba"], ["aabb"], ["abababb"]]
            + [["".join(r.sample("ab" * n, 2 * n))] for n in (4, 20, 100)]
        ),
        packed=True,
    ),
    Task(
        title="Room Requests",
        difficulty="medium",
        content="""
A room is asked for from one hour up to another, [start, end], the end not included. Requests are granted
in their order if the room is free then. Return for each whether it is granted.

Example: requests = [[9, 11], [10, 12], [11, 12]] gives [true, false, true].
""",
        starter=(
            "class Solution:\n    def grant(self, requests: List[List[int]]) -> List[bool]:\n        "
        ),
        solution="""
class Solution:
    def grant(self, requests: List[List[int]]) -> List[bool]:
        taken, answers = [], []
        for start, end in requests:
            free = all(end <= a or b <= start for a, b in taken)
            if free:
                taken.append((start, end))
            answers.append(free)
        return answers
""",
        wrong={
            "takes the end for included": [("end <= a or b <= start", "end < a or b < start")],
            "remembers what was refused": [("if free:", "if True:")],
            "looks at the last one only": [("in taken)", "in taken[-1:])")],
        },
        public=[[[[9, 11], [10, 12], [11, 12]]], [[[1, 2]]]],
        private=lambda r: (
            [[[]], [[[1, 5], [2, 3]]], [[[2, 3], [1, 5], [3, 4]]], [[[5, 6], [1, 2], [1, 6]]]]
            + [
                [[[a := r.randint(0, 60), a + r.randint(1, 9)] for _ in range(n)]]
                for n in (6, 20, 60, 200)
            ]
        ),
    ),
    Task(
        title="Half Price Ticket",
        difficulty="hard",
        content="""
Roads [a, b, cost] join towns 0 to n - 1 in both directions. On a journey from start to goal one road may
be used at half its cost, once. Return the lowest cost of the journey as a float, or -1.0 if there is
none.

Example: n = 3, roads = [[0, 1, 5], [1, 2, 2]], start = 0, goal = 2 gives 4.5.
""",
        starter=(
            "class Solution:\n"
            "    def lowestCost(self, n: int, roads: List[List[int]], start: int, goal: int) -> float:\n        "
        ),
        solution="""
class Solution:
    def lowestCost(self, n: int, roads: List[List[int]], start: int, goal: int) -> float:
        from heapq import heappop, heappush

        near = [[] for _ in range(n)]
        for a, b, cost in roads:
            near[a].append((b, cost))
            near[b].append((a, cost))
        queue, done = [(0.0, start, 0)], set()
        while queue:
            spent, town, used = heappop(queue)
            if town == goal:
                return spent
            if (town, used) in done:
                continue
            done.add((town, used))
            for other, cost in near[town]:
                heappush(queue, (spent + cost, other, used))
                if not used:
                    heappush(queue, (spent + cost / 2, other, 1))
        return -1.0
""",
        wrong={
            "never halves": [("if not used:", "if False:")],
            "halves every road": [("if not used:", "if True:")],
            "takes roads one way": [("near[b].append((a, cost))", "pass")],
            "rounds": [("cost / 2", "cost // 2")],
        },
        public=[[3, [[0, 1, 5], [1, 2, 2]], 0, 2], [2, [], 0, 1]],
        private=lambda r: (
            [[1, [], 0, 0], [2, [[1, 0, 3]], 0, 1], [3, [[0, 1, 9], [0, 2, 4], [2, 1, 3]], 0, 1]]
            + [[n, _roads(r, n, 2 * n), 0, n - 1] for n in (4, 6, 10, 25, 60)]
        ),
        packed=True,
    ),
    Task(
        title="Nested Boxes",
        difficulty="hard",
        content="""
A box [width, depth] fits into another if it is smaller in both; boxes are not turned. Return how many
boxes can be put into each other at most.

Example: boxes = [[2, 3], [1, 1], [2, 2], [3, 4]] gives 3.
""",
        starter="class Solution:\n    def nestedBoxes(self, boxes: List[List[int]]) -> int:\n        ",
        solution="""
class Solution:
    def nestedBoxes(self, boxes: List[List[int]]) -> int:
        from bisect import bisect_left

        ends = []
        for _, depth in sorted(boxes, key=lambda box: (box[0], -box[1])):
            at = bisect_left(ends, depth)
            ends[at : at + 1] = [depth]
        return len(ends)
""",
        wrong={
            "puts equal widths into each other": [("-box[1]", "box[1]")],
            "puts equal depths into each other": [("bisect_left", "bisect_right")],
            "goes by the order given": [
                ("sorted(boxes, key=lambda box: (box[0], -box[1]))", "boxes")
            ],
        },
        public=[[[[2, 3], [1, 1], [2, 2], [3, 4]]], [[[5, 5]]]],
        private=lambda r: (
            [[[]], [[[1, 1], [1, 2]]], [[[1, 2], [2, 2]]], [[[3, 3], [2, 2], [1, 1]]]]
            + [[[_numbers(r, 2, 1, 30) for _ in range(n)]] for n in (8, 20, 60, 300)]
        ),
    ),
    Task(
        title="Picture Frame",
        difficulty="easy",
        content="""
Return the sum of the numbers on the border of a rectangular grid, each once.

Example: grid = [[1, 2, 3], [4, 5, 6], [7, 8, 9]] gives 40.
""",
        starter="class Solution:\n    def frame(self, grid: List[List[int]]) -> int:\n        ",
        solution="""
class Solution:
    def frame(self, grid: List[List[int]]) -> int:
        inner = sum(sum(row[1:-1]) for row in grid[1:-1])
        return sum(map(sum, grid)) - inner
""",
        wrong={
            "counts corners twice": [
                (
                    "sum(map(sum, grid)) - inner",
                    "sum(grid[0]) + sum(grid[-1]) + sum(row[0] + row[-1] for row in grid)",
                )
            ],
            "counts everything": [(" - inner", "")],
            "forgets the last row": [("grid[1:-1]", "grid[1:]")],
        },
        public=[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[4]]]],
        private=lambda r: (
            [[[[1, 2]]], [[[1], [2], [3]]], [[[1, 2], [3, 4]]], [[[0, 0, 0], [0, 7, 0], [0, 0, 0]]]]
            + [[_grid(r, h, w)] for h, w in ((3, 4), (5, 5), (9, 2), (20, 30))]
        ),
        packed=True,
    ),
]
