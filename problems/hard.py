"""Six hard problems: an algorithm, and edge cases that decide."""

from foureyes.problems.shape import Source


def _tasks(r):
    names = "abcdef"[: r.randint(0, 6)]
    return {name: r.sample(names + "x", r.randint(0, min(2, len(names)))) for name in names}


HARD = [
    Source(
        signature="def build_order(needs: dict[str, list[str]]) -> list[str]:",
        difficulty="hard",
        topic="graphs",
        lean="Return an order in which packages can be built, given what each needs.",
        rich="""
Return the order in which packages can be built: each after everything it needs, and among those
that could come next always the alphabetically first. A package that is only needed, without an
entry of its own, needs nothing and is built too. If there is a cycle, the result is [].

>>> build_order({"app": ["lib"], "lib": []})
['lib', 'app']
>>> build_order({"b": ["z"], "a": []})
['a', 'z', 'b']
>>> build_order({"a": ["b"], "b": ["a"], "c": []})
[]
""",
        solution="""
waiting = {name: set(others) for name, others in needs.items()}
for others in needs.values():
    for other in others:
        waiting.setdefault(other, set())
order = []
while waiting:
    ready = [name for name, others in waiting.items() if not others - set(order)]
    if not ready:
        return []
    name = min(ready)
    order.append(name)
    del waiting[name]
return order
""",
        wrong={
            "leaves out what has no entry": [
                ("waiting.setdefault(other, set())", "pass"),
                ("others - set(order)", "(others & set(needs)) - set(order)"),
            ],
            "gives a part of the order": [("return []", "return order")],
            "takes the first that is ready": [("min(ready)", "ready[0]")],
            "takes all that are ready at once": [
                (
                    "name = min(ready)\n        order.append(name)\n        del waiting[name]",
                    "for name in sorted(ready):\n            order.append(name)\n            del waiting[name]",
                )
            ],
        },
        base=[[{"app": ["lib"], "lib": []}], [{}], [{"a": []}], [{"b": ["z"], "a": []}]],
        plus=lambda r: (
            [
                [{"a": ["b"], "b": ["a"], "c": []}],
                [{"c": ["b"], "b": ["a"], "d": []}],
                [{"a": ["a"]}],
                [{"d": ["c"], "a": ["d"], "b": []}],
            ]
            + [[_tasks(r)] for _ in range(60)]
        ),
    ),
    Source(
        signature="def cheapest_tickets(days: list[int], prices: list[int]) -> int:",
        difficulty="hard",
        topic="dynamic programming",
        lean="Return the lowest total price of tickets for the travel days, with tickets for 1, 3 and 10 days.",
        rich="""
Return the lowest total price that covers all travel days (numbers of days, in any order, perhaps
repeated). prices holds the price of a ticket for 1, 3 and 10 days in a row; a ticket may start on
any day, and a longer one may be cheaper than a shorter one. No travel days cost 0.

>>> cheapest_tickets([1, 2, 3], [2, 5, 9])
5
>>> cheapest_tickets([1, 20], [2, 5, 9])
4
>>> cheapest_tickets([7, 7], [4, 3, 9])
3
""",
        solution="""
travel = sorted(set(days))
best = [0] * (len(travel) + 1)
for first in reversed(range(len(travel))):
    options = []
    for length, price in zip((1, 3, 10), prices):
        after = first
        while after < len(travel) and travel[after] < travel[first] + length:
            after += 1
        options.append(price + best[after])
    best[first] = min(options)
return best[0]
""",
        wrong={
            "counts repeated days": [
                ("sorted(set(days))", "sorted(days)"),
                (
                    "travel[after] < travel[first] + length",
                    "(after == first or travel[first] < travel[after] < travel[first] + length)",
                ),
            ],
            "does not sort": [("sorted(set(days))", "list(dict.fromkeys(days))")],
            "tickets last a day longer": [
                ("< travel[first] + length", "<= travel[first] + length")
            ],
            "forgets the longest": [("zip((1, 3, 10), prices)", "zip((1, 3), prices)")],
            "buys greedily": [
                (
                    "options.append(price + best[after])",
                    "options.append((price / (after - first), price + best[after]))",
                ),
                ("min(options)", "min(options)[1]"),
            ],
        },
        base=[[[1, 2, 3], [2, 5, 9]], [[1, 20], [2, 5, 9]], [[], [1, 2, 3]], [[5], [4, 6, 9]]],
        plus=lambda r: (
            [
                [[7, 7], [4, 3, 9]],
                [[3, 1, 2], [2, 5, 9]],
                [[1, 2, 3, 4], [2, 5, 9]],
                [list(range(1, 12)), [3, 7, 15]],
                [[1, 11], [5, 5, 6]],
                [[1, 2, 2], [2, 9, 20]],
            ]
            + [
                [
                    [r.randint(1, 40) for _ in range(r.randint(0, 14))],
                    [r.randint(1, 6), r.randint(3, 12), r.randint(6, 25)],
                ]
                for _ in range(50)
            ]
        ),
    ),
    Source(
        signature="def matches(pattern: str, name: str) -> bool:",
        difficulty="hard",
        topic="strings",
        lean="Say whether a file path matches a pattern with *, ** and ?.",
        rich="""
Say whether a path matches a pattern as a whole. "?" stands for one character other than "/", "*" for
any number of characters other than "/", "**" for any number of characters of any kind; everything
else stands for itself. Upper and lower case differ.

>>> matches("src/*.py", "src/a.py")
True
>>> matches("src/*.py", "src/b/a.py")
False
>>> matches("src/**.py", "src/b/a.py")
True
""",
        solution="""
reached = {0}
position = 0
while position < len(pattern):
    if pattern.startswith("**", position):
        reached = set(range(min(reached), len(name) + 1)) if reached else set()
        position += 2
        continue
    symbol = pattern[position]
    position += 1
    following = set()
    for start in reached:
        if symbol == "*":
            end = start
            following.add(end)
            while end < len(name) and name[end] != "/":
                end += 1
                following.add(end)
        elif start < len(name) and (name[start] == symbol or symbol == "?" and name[start] != "/"):
            following.add(start + 1)
    reached = following
return len(name) in reached
""",
        wrong={
            "a star crosses folders": [
                ('while end < len(name) and name[end] != "/":', "while end < len(name):")
            ],
            "a question mark may be a slash": [
                ('symbol == "?" and name[start] != "/"', 'symbol == "?"')
            ],
            "a star needs a character": [
                ("            following.add(end)\n                while", "            while")
            ],
            "matches a beginning": [("return len(name) in reached", "return bool(reached)")],
            "two stars are one": [('pattern.startswith("**", position)', "False")],
        },
        base=[
            ["src/*.py", "src/a.py"],
            ["src/*.py", "src/b/a.py"],
            ["a?c", "abc"],
            ["", ""],
            ["a", "b"],
        ],
        plus=lambda r: (
            [
                ["src/**.py", "src/b/a.py"],
                ["a?c", "a/c"],
                ["*", ""],
                ["**", ""],
                ["**", "a/b"],
                ["*", "a/b"],
                ["a*", "a"],
                ["***", "a/b"],
                ["?", ""],
                ["a.c", "abc"],
                ["*a*", "bab"],
                ["A", "a"],
                ["a", "ab"],
            ]
            + [
                [
                    "".join(
                        r.choice(["a", "b", "*", "**", "?", "/"]) for _ in range(r.randint(0, 5))
                    ),
                    "".join(r.choice("aab/") for _ in range(r.randint(0, 6))),
                ]
                for _ in range(80)
            ]
        ),
    ),
    Source(
        signature="def evaluate_cells(cells: dict[str, str]) -> dict[str, int | None]:",
        difficulty="hard",
        topic="parsing",
        lean='Evaluate a small spreadsheet whose cells hold numbers or sums such as "=A1+B2-3".',
        rich="""
Evaluate a small spreadsheet. A cell holds a whole number ("12", "-3") or a formula: "=" followed by
cell names and whole numbers joined by "+" and "-", without spaces. A cell that is not there counts
as 0. The value of a cell that takes part in a cycle, or depends on one, is None.

>>> evaluate_cells({"A1": "2", "B1": "=A1+A1-1"})
{'A1': 2, 'B1': 3}
>>> evaluate_cells({"A1": "=Z9-4"})
{'A1': -4}
>>> evaluate_cells({"A1": "=B1", "B1": "=A1", "C1": "=A1+1"})
{'A1': None, 'B1': None, 'C1': None}
""",
        solution="""
values = {}

def value(name, under_way):
    if name not in cells:
        return 0
    if name in under_way:
        return None
    if name in values:
        return values[name]
    content = cells[name]
    if not content.startswith("="):
        return int(content)
    total = 0
    for part in content[1:].replace("-", "+-").split("+"):
        sign = -1 if part.startswith("-") else 1
        part = part.lstrip("-")
        term = int(part) if part.isdigit() else value(part, under_way | {name}) if part else 0
        if term is None:
            return None
        total += sign * term
    return total

for name in cells:
    values[name] = value(name, frozenset())
return values
""",
        wrong={
            "a missing cell is None": [
                (
                    "if name not in cells:\n            return 0",
                    "if name not in cells:\n            return None",
                )
            ],
            "a cycle is zero": [
                (
                    "if name in under_way:\n            return None",
                    "if name in under_way:\n            return 0",
                )
            ],
            "forgets signs": [("sign * term", "term")],
            "does not see cells below": [
                (
                    "if name not in cells:",
                    "if name not in cells or under_way and name not in values:",
                )
            ],
        },
        base=[[{"A1": "2", "B1": "=A1+A1-1"}], [{"A1": "=Z9-4"}], [{}], [{"A1": "-3"}]],
        plus=lambda r: (
            [
                [{"A1": "=B1", "B1": "=A1", "C1": "=A1+1"}],
                [{"A1": "=B1+C1", "B1": "=C1-2", "C1": "7"}],
                [{"A1": "=A1"}],
                [{"A1": "=1-2-3"}],
                [{"A1": "=B1", "B1": "=C1", "C1": "=B1", "D1": "5"}],
                [{"A1": "=-5+B1", "B1": "1"}],
            ]
            + [
                [
                    {
                        n: r.choice(["4", "-2", "=A1+1", "=B1-C1", "=C1", "=D1+B1", "=9-3"])
                        for n in r.sample(["A1", "B1", "C1", "D1"], r.randint(0, 4))
                    }
                ]
                for _ in range(60)
            ]
        ),
    ),
    Source(
        signature="def fair_queue(jobs: list[list[str]], slots: int) -> list[list[str]]:",
        difficulty="hard",
        topic="simulation",
        lean="Schedule jobs, each [user, job], in rounds of a limited number of slots so that users take turns.",
        rich="""
Schedule jobs, each [user, job] in the order they came, in rounds of slots jobs, and return the jobs
of each round. Users take turns: the next slot goes to the user who has been served least often so
far; among those to the one whose oldest waiting job came first. A user's own jobs keep their order.
All jobs wait from the start. Without slots nothing is scheduled.

>>> fair_queue([["a", "1"], ["a", "2"], ["b", "3"]], 2)
[['1', '3'], ['2']]
>>> fair_queue([["a", "1"], ["b", "2"], ["b", "3"]], 1)
[['1'], ['2'], ['3']]
>>> fair_queue([["a", "1"]], 0)
[]
""",
        solution="""
if slots < 1:
    return []
waiting = {}
for position, (user, job) in enumerate(jobs):
    waiting.setdefault(user, []).append((position, job))
served = {user: 0 for user in waiting}
order = []
while waiting:
    user = min(waiting, key=lambda who: (served[who], waiting[who][0][0]))
    order.append(waiting[user].pop(0)[1])
    served[user] += 1
    if not waiting[user]:
        del waiting[user]
return [order[start : start + slots] for start in range(0, len(order), slots)]
""",
        wrong={
            "first come, first served": [
                ("(served[who], waiting[who][0][0])", "waiting[who][0][0]")
            ],
            "the busiest user first": [
                ("(served[who], waiting[who][0][0])", "(-len(waiting[who]), waiting[who][0][0])")
            ],
            "ties by name": [("(served[who], waiting[who][0][0])", "(served[who], who)")],
            "one slot for all": [
                ("range(0, len(order), slots)", "range(0, len(order), len(order) or 1)")
            ],
        },
        base=[
            [[["a", "1"], ["a", "2"], ["b", "3"]], 2],
            [[["a", "1"], ["b", "2"], ["b", "3"]], 1],
            [[], 3],
            [[["a", "1"]], 0],
        ],
        plus=lambda r: (
            [
                [[["b", "1"], ["a", "2"], ["b", "3"], ["a", "4"]], 2],
                [[["a", "1"], ["a", "2"], ["a", "3"], ["b", "4"], ["c", "5"]], 2],
                [[["x", "1"]], -1],
            ]
            + [
                [[[r.choice("cba"), str(i)] for i in range(r.randint(0, 9))], r.randint(1, 4)]
                for _ in range(50)
            ]
        ),
    ),
    Source(
        signature="def roman_clock(time: str) -> str:",
        difficulty="hard",
        topic="dates and times",
        lean='Write a time such as "14:05" in Roman numerals on a 12-hour clock.',
        rich="""
Write a time "hours:minutes" (24 hours) in Roman numerals on a 12-hour clock, as "HOURS.MINUTES am"
or "pm". Midnight is hour XII am, noon XII pm. Full hours have no minutes and no dot. Whatever is not
a time from 0:00 to 23:59, with exactly two digits for the minutes and one or two for the hours,
gives "?".

>>> roman_clock("14:05")
'II.V pm'
>>> roman_clock("0:49")
'XII.XLIX am'
>>> roman_clock("12:00")
'XII pm'
>>> roman_clock("24:00")
'?'
""",
        solution="""
def roman(number):
    letters = ""
    for value, symbol in ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while number >= value:
            letters += symbol
            number -= value
    return letters

hours, colon, minutes = time.partition(":")
digits = "0123456789"
if not hours or any(c not in digits for c in hours + minutes):
    return "?"
if len(hours) > 2 or len(minutes) != 2 or int(hours) > 23 or int(minutes) > 59:
    return "?"
half = "am" if int(hours) < 12 else "pm"
face = roman(int(hours) % 12 or 12)
return f"{face}.{roman(int(minutes))} {half}" if int(minutes) else f"{face} {half}"
""",
        wrong={
            "midnight is nothing": [("int(hours) % 12 or 12", "int(hours) % 12")],
            "noon is am": [("int(hours) < 12", "int(hours) <= 12")],
            "writes IIII": [('(9, "IX"), ', ""), ('(4, "IV"), ', "")],
            "allows any minutes": [(" or int(minutes) > 59", "")],
            "keeps the dot": [(' if int(minutes) else f"{face} {half}"', "")],
        },
        base=[["14:05"], ["0:49"], ["12:00"], ["24:00"], ["9:30"]],
        plus=lambda r: (
            [
                ["00:00"],
                ["23:59"],
                ["1:5"],
                ["1:005"],
                ["001:05"],
                [":30"],
                ["12"],
                ["a:10"],
                ["11:60"],
                ["-1:00"],
                ["4:44"],
                ["19:09"],
                ["12:14"],
                ["+1:00"],
                ["1: 5"],
            ]
            + [[f"{r.randint(0, 25)}:{r.randint(0, 62):02}"] for _ in range(60)]
        ),
    ),
]
