"""Twelve problems of medium difficulty: several rules that meet."""

from foureyes.problems.shape import Source


def _spans(r, count, top):
    spans = []
    for _ in range(count):
        start = r.randint(-3, top)
        spans.append([start, start + r.randint(-1, 5)])
    return spans


MEDIUM = [
    Source(
        signature="def merge_shifts(shifts: list[list[int]], pause: int) -> list[list[int]]:",
        difficulty="medium",
        topic="intervals",
        lean="Merge work shifts that overlap or are separated by a short pause.",
        rich="""
Merge work shifts, each [start, end] in hours, and return them sorted by start. Two shifts become
one if they overlap, or if the time between them is at most pause hours. Shifts whose end is not
after their start are dropped first.

>>> merge_shifts([[1, 3], [2, 5]], 0)
[[1, 5]]
>>> merge_shifts([[6, 8], [1, 4]], 2)
[[1, 8]]
>>> merge_shifts([[3, 3]], 1)
[]
""",
        solution="""
merged = []
for start, end in sorted(shifts):
    if end <= start:
        continue
    if merged and start - merged[-1][1] <= pause:
        merged[-1][1] = max(merged[-1][1], end)
    else:
        merged.append([start, end])
return merged
""",
        wrong={
            "forgets the pause": [("<= pause", "<= 0")],
            "pause must be shorter": [("<= pause", "< pause")],
            "takes the later end": [("max(merged[-1][1], end)", "end")],
            "keeps empty shifts": [("if end <= start:", "if end < start:")],
            "does not sort": [("sorted(shifts)", "shifts")],
        },
        base=[
            [[[1, 3], [2, 5]], 0],
            [[[6, 8], [1, 4]], 2],
            [[], 3],
            [[[3, 3]], 1],
            [[[1, 2], [4, 5]], 1],
        ],
        plus=lambda r: (
            [
                [[[1, 9], [2, 3]], 0],
                [[[1, 2], [2, 3]], 0],
                [[[5, 5], [1, 2]], 0],
                [[[2, 2], [2, 4], [7, 6]], 5],
            ]
            + [[_spans(r, r.randint(0, 7), 14), r.randint(0, 3)] for _ in range(50)]
        ),
    ),
    Source(
        signature="def parse_duration(text: str) -> int:",
        difficulty="medium",
        topic="parsing",
        lean='Parse a duration such as "1h30m" into seconds.',
        rich="""
Parse a duration such as "1h30m" into seconds. The units are d (days), h, m and s, each with a whole
number before it; spaces between the parts do not matter. The parts may come in any order, but no
unit twice. Whatever is not a duration, the empty text included, gives -1.

>>> parse_duration("1h30m")
5400
>>> parse_duration("10s 2d")
172810
>>> parse_duration("5m5m")
-1
>>> parse_duration("90")
-1
""",
        solution="""
sizes = {"d": 86400, "h": 3600, "m": 60, "s": 1}
seen = set()
total = 0
digits = ""
for character in text:
    if character in "0123456789":
        digits += character
    elif character in sizes and digits and character not in seen:
        total += int(digits) * sizes[character]
        seen.add(character)
        digits = ""
    elif character == " " and not digits:
        continue
    else:
        return -1
return total if seen and not digits else -1
""",
        wrong={
            "allows a unit twice": [(" and character not in seen", "")],
            "forgets what is left over": [(" and not digits else -1", " else -1")],
            "empty is zero": [("if seen and not digits", "if not digits")],
            "does not allow spaces": [('character == " " and not digits', "False")],
        },
        base=[["1h30m"], ["10s 2d"], ["5m5m"], ["90"], [""], ["x"]],
        plus=lambda r: (
            [
                ["1 h"],
                [" 1h "],
                ["h"],
                ["1h5"],
                ["0s"],
                ["-1h"],
                ["1.5h"],
                ["1D"],
                [" "],
                ["1h 30 m"],
                ["007s"],
                ["1d1h1m1s"],
            ]
            + [
                [
                    "".join(
                        r.choice(["1h", "2m", "3s", "4d", " ", "12m", "5"])
                        for _ in range(r.randint(0, 4))
                    )
                ]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def compact_pages(pages: list[int]) -> str:",
        difficulty="medium",
        topic="text layout",
        lean="Write page numbers compactly for an index, with ranges.",
        rich="""
Write page numbers compactly for an index: sorted, each once, parts joined by ", ". Three or more
pages in a row become a range "first-last"; two in a row stay two pages. Pages below 1 are ignored.

>>> compact_pages([1, 2, 3, 7])
'1-3, 7'
>>> compact_pages([5, 4])
'4, 5'
>>> compact_pages([])
''
""",
        solution="""
numbers = sorted({page for page in pages if page >= 1})
parts = []
start = 0
while start < len(numbers):
    end = start
    while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
        end += 1
    if end - start >= 2:
        parts.append(f"{numbers[start]}-{numbers[end]}")
    else:
        parts.extend(str(number) for number in numbers[start : end + 1])
    start = end + 1
return ", ".join(parts)
""",
        wrong={
            "two are a range": [("end - start >= 2", "end - start >= 1")],
            "keeps page zero": [(" if page >= 1", "")],
            "keeps doubles": [
                ("{page for page in pages if page >= 1}", "[page for page in pages if page >= 1]")
            ],
            "no space": [('", ".join', '",".join')],
        },
        base=[[[1, 2, 3, 7]], [[5, 4]], [[]], [[3]], [[1, 3, 5]]],
        plus=lambda r: (
            [[[0, 1, 2]], [[-1, 0]], [[2, 2, 3, 4, 4]], [[9, 10, 11, 12]], [[1, 2, 4, 5, 6]]]
            + [[[r.randint(-2, 15) for _ in range(r.randint(0, 12))]] for _ in range(50)]
        ),
    ),
    Source(
        signature="def next_version(version: str, change: str) -> str:",
        difficulty="medium",
        topic="parsing",
        lean="Return the next version number after a change that is major, minor or patch.",
        rich="""
Return the version that follows after a change: "major", "minor" or "patch". A version is
"major.minor.patch", perhaps with a suffix after a hyphen ("2.0.0-rc1"), and perhaps with a "v" in
front, which is kept. Parts right of the raised one become 0. A version with a suffix is a
pre-release: a patch only drops the suffix, any other change raises as usual.

>>> next_version("1.4.2", "minor")
'1.5.0'
>>> next_version("v1.4.2", "major")
'v2.0.0'
>>> next_version("2.0.0-rc1", "patch")
'2.0.0'
""",
        solution="""
prefix = "v" if version.startswith("v") else ""
numbers, hyphen, suffix = version[len(prefix) :].partition("-")
major, minor, patch = (int(part) for part in numbers.split("."))
if change == "major":
    major, minor, patch = major + 1, 0, 0
elif change == "minor":
    minor, patch = minor + 1, 0
elif not hyphen:
    patch += 1
return f"{prefix}{major}.{minor}.{patch}"
""",
        wrong={
            "does not reset": [("minor, patch = minor + 1, 0", "minor = minor + 1")],
            "raises a pre-release's patch": [("elif not hyphen:", "else:")],
            "drops the v": [('return f"{prefix}', 'return f"')],
            "keeps the suffix": [("{patch}", "{patch}{hyphen}{suffix}")],
        },
        base=[["1.4.2", "minor"], ["v1.4.2", "major"], ["0.0.9", "patch"], ["2.0.0-rc1", "minor"]],
        plus=lambda r: (
            [
                ["2.0.0-rc1", "patch"],
                ["v2.0.0-a-b", "patch"],
                ["1.9.9", "patch"],
                ["9.9.9-x", "major"],
            ]
            + [
                [
                    f"{r.choice(['', 'v'])}{r.randint(0, 12)}.{r.randint(0, 12)}.{r.randint(0, 12)}{r.choice(['', '-rc1', '-0'])}",
                    r.choice(["major", "minor", "patch"]),
                ]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def settle(payments: list[list]) -> dict[str, int]:",
        difficulty="medium",
        topic="dicts",
        lean="Return who is owed and who owes how much after shared expenses, each [payer, cents, people].",
        rich="""
After a trip, return the balance of each person in cents: positive is owed to them, negative they
owe. Each payment is [payer, cents, people]: the payer paid for all people listed (themselves only
if listed). The cost is split evenly; the cents that cannot be split go to the first people of the
list, one each. People whose balance is 0 are left out, and so are payments for nobody.

>>> settle([["Ana", 100, ["Ana", "Bo"]]])
{'Ana': 50, 'Bo': -50}
>>> settle([["Bo", 5, ["Ana", "Cy"]]])
{'Bo': 5, 'Ana': -3, 'Cy': -2}
>>> settle([["Ana", 9, ["Ana"]]])
{}
""",
        solution="""
balance = {}
for payer, cents, people in payments:
    if not people:
        continue
    balance[payer] = balance.get(payer, 0) + cents
    share, rest = divmod(cents, len(people))
    for position, person in enumerate(people):
        owed = share + (1 if position < rest else 0)
        balance[person] = balance.get(person, 0) - owed
return {person: cents for person, cents in balance.items() if cents != 0}
""",
        wrong={
            "loses the odd cents": [(" + (1 if position < rest else 0)", "")],
            "always counts the payer": [
                ("divmod(cents, len(people))", "divmod(cents, len(set(people) | {payer}))")
            ],
            "keeps zeros": [(" if cents != 0", "")],
            "takes payments for nobody": [
                (
                    "        continue",
                    "        balance[payer] = balance.get(payer, 0) + cents\n            continue",
                )
            ],
            "gives the rest to the last": [("position < rest", "position >= len(people) - rest")],
        },
        base=[
            [[["Ana", 100, ["Ana", "Bo"]]]],
            [[["Bo", 5, ["Ana", "Cy"]]]],
            [[]],
            [[["Ana", 9, ["Ana"]]]],
        ],
        plus=lambda r: (
            [
                [[["A", 7, []]]],
                [[["A", 1, ["B", "C", "D"]], ["B", 2, ["A", "B"]]]],
                [[["A", 10, ["A", "B", "C"]]]],
            ]
            + [
                [
                    [
                        [r.choice("ABC"), r.randint(0, 99), r.sample("ABCD", r.randint(0, 4))]
                        for _ in range(r.randint(0, 5))
                    ]
                ]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def wrap_list(items: list[str], width: int) -> list[str]:",
        difficulty="medium",
        topic="text layout",
        lean="Lay out items separated by commas in lines of limited width.",
        rich="""
Lay out items, joined by ", ", in lines of at most width characters. A comma stays at the end of the
line before the break (without a space), and counts towards its width. An item that does not fit
even alone with its comma gets a line of its own. The last item has no comma.

>>> wrap_list(["oak", "elm", "ash"], 9)
['oak, elm,', 'ash']
>>> wrap_list(["oak", "elm"], 8)
['oak, elm']
>>> wrap_list(["sycamore", "elm"], 4)
['sycamore,', 'elm']
""",
        solution="""
lines = []
for position, item in enumerate(items):
    word = item + ("," if position < len(items) - 1 else "")
    if lines and len(lines[-1]) + 1 + len(word) <= width:
        lines[-1] += " " + word
    else:
        lines.append(word)
return lines
""",
        wrong={
            "forgets that commas count": [("+ len(word) <= width", "+ len(item) <= width")],
            "one too narrow": [("<= width", "< width")],
            "comma at the end": [("position < len(items) - 1", "True")],
            "forgets that spaces count": [("+ 1 + len(word)", "+ len(word)")],
        },
        base=[[["oak", "elm", "ash"], 9], [["oak", "elm"], 8], [[], 5], [["oak"], 2]],
        plus=lambda r: (
            [
                [["sycamore", "elm"], 4],
                [["a", "b", "c", "d"], 5],
                [["a", "b", "c", "d"], 4],
                [["ab", "cd"], 7],
                [["ab", "cd"], 6],
            ]
            + [
                [["x" * r.randint(1, 7) for _ in range(r.randint(0, 8))], r.randint(3, 18)]
                for _ in range(50)
            ]
        ),
    ),
    Source(
        signature="def free_slots(busy: list[list[int]], length: int) -> list[int]:",
        difficulty="medium",
        topic="intervals",
        lean="Return the full hours from 9 to 17 at which a meeting of the given length can start.",
        rich="""
Return the hours at which a meeting of length hours can start, in a working day from 9 to 17. Busy
times are [start, end] in hours, in any order, and may overlap or lie outside the day. A meeting may
touch busy times but not overlap them, must end by 17, and never overlaps the lunch hour from 12 to
13. A length below 1 gives an empty list.

>>> free_slots([[9, 11], [14, 17]], 1)
[11, 13]
>>> free_slots([], 4)
[13]
>>> free_slots([], 0)
[]
""",
        solution="""
if length < 1:
    return []
blocked = [*busy, [12, 13]]
return [
    hour
    for hour in range(9, 18 - length)
    if all(hour + length <= start or end <= hour for start, end in blocked)
]
""",
        wrong={
            "forgets lunch": [("[*busy, [12, 13]]", "busy")],
            "may not touch": [
                ("hour + length <= start or end <= hour", "hour + length < start or end < hour")
            ],
            "ends too late": [("18 - length", "18")],
            "looks at the start only": [("hour + length <= start", "hour < start")],
        },
        base=[[[[9, 11], [14, 17]], 1], [[], 4], [[], 0], [[[9, 17]], 2]],
        plus=lambda r: (
            [
                [[], 1],
                [[], 3],
                [[], 5],
                [[[0, 9], [17, 20]], 2],
                [[[10, 11]], 2],
                [[], 9],
                [[], -1],
                [[[13, 14]], 3],
            ]
            + [
                [
                    [
                        [s, s + r.randint(1, 3)]
                        for s in (r.randint(7, 17) for _ in range(r.randint(0, 3)))
                    ],
                    r.randint(1, 4),
                ]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def dice_score(dice: list[int]) -> int:",
        difficulty="medium",
        topic="games",
        lean="Score a throw of dice: three of a kind, straights, single ones and fives.",
        rich="""
Score a throw of dice (values 1 to 6). Three of the same value score 100 times the value, three ones
1000; each set of three counts, and its dice count no more. Of the remaining dice each one scores
100 and each five 50. A throw of six dice that shows all six values scores 1500 instead.

>>> dice_score([1, 1, 1, 5])
1050
>>> dice_score([2, 2, 2, 2])
200
>>> dice_score([6, 5, 4, 3, 2, 1])
1500
""",
        solution="""
if sorted(dice) == [1, 2, 3, 4, 5, 6]:
    return 1500
score = 0
for value in range(1, 7):
    sets, rest = divmod(dice.count(value), 3)
    score += sets * (1000 if value == 1 else value * 100)
    if value == 1:
        score += rest * 100
    elif value == 5:
        score += rest * 50
return score
""",
        wrong={
            "three ones are 100": [("(1000 if value == 1 else value * 100)", "value * 100")],
            "counts dice of a set again": [("rest * 100", "dice.count(1) * 100")],
            "one set only": [("score += sets *", "score += min(sets, 1) *")],
            "forgets the straight": [("[1, 2, 3, 4, 5, 6]", "[]"), ("return 1500", "return 0")],
        },
        base=[[[1, 1, 1, 5]], [[2, 2, 2, 2]], [[3, 4, 6]], [[]], [[5, 1]]],
        plus=lambda r: (
            [
                [[6, 5, 4, 3, 2, 1]],
                [[1] * 6],
                [[5] * 6],
                [[4] * 6],
                [[1, 1, 1, 1]],
                [[5, 5, 5, 5, 1]],
            ]
            + [[[r.randint(1, 6) for _ in range(r.randint(0, 9))]] for _ in range(50)]
        ),
    ),
    Source(
        signature="def allowed_path(path: str, rules: list[str]) -> bool:",
        difficulty="medium",
        topic="parsing",
        lean='Say whether a crawler may visit a path, given rules such as "allow /a" and "deny /".',
        rich="""
Say whether a crawler may visit a path. Each rule is "allow PREFIX" or "deny PREFIX" and applies to
every path that begins with the prefix. The rule with the longest prefix decides; of two equally
long ones "allow" wins. Without any rule that applies the path is allowed.

>>> allowed_path("/a/b", ["deny /", "allow /a"])
True
>>> allowed_path("/b", ["deny /", "allow /a"])
False
>>> allowed_path("/a", ["allow /a", "deny /a"])
True
""",
        solution="""
best = (-1, True)
for rule in rules:
    word, prefix = rule.split(" ", 1)
    if path.startswith(prefix):
        best = max(best, (len(prefix), word == "allow"))
return best[1]
""",
        wrong={
            "the last rule decides": [
                ('max(best, (len(prefix), word == "allow"))', '(0, word == "allow")')
            ],
            "denied by default": [("(-1, True)", "(-1, False)")],
            "deny wins ties": [
                (
                    'best = max(best, (len(prefix), word == "allow"))',
                    'best = max(best, (len(prefix), word == "allow"), key=lambda b: (b[0], not b[1]))',
                )
            ],
            "looks anywhere in the path": [("path.startswith(prefix)", "prefix in path")],
        },
        base=[
            ["/a/b", ["deny /", "allow /a"]],
            ["/b", ["deny /", "allow /a"]],
            ["/x", []],
            ["/a", ["deny /a"]],
        ],
        plus=lambda r: (
            [
                ["/a", ["allow /a", "deny /a"]],
                ["/a", ["deny /a", "allow /a"]],
                ["/x/a", ["deny /a"]],
                ["/abc", ["allow /ab", "deny /a", "deny /abcd"]],
            ]
            + [
                [
                    "".join(r.choice(["/a", "/b", "/c"]) for _ in range(r.randint(1, 3))),
                    [
                        r.choice(["allow ", "deny "])
                        + "".join(r.choice(["/a", "/b", "/c"]) for _ in range(r.randint(1, 3)))
                        for _ in range(r.randint(0, 5))
                    ],
                ]
                for _ in range(50)
            ]
        ),
    ),
    Source(
        signature="def seats(votes: dict[str, int], total: int) -> dict[str, int]:",
        difficulty="medium",
        topic="numbers",
        lean="Allocate seats to parties in proportion to their votes by the largest remainder.",
        rich="""
Allocate total seats in proportion to votes by the largest remainder: each party first gets the whole
part of votes * total / all votes; the seats left over go one each to the largest remainders, of
equal ones to the party with more votes, then to the first in alphabetical order. Parties without a
seat are kept with 0. Without any vote everybody gets 0.

>>> seats({"A": 60, "B": 40}, 5)
{'A': 3, 'B': 2}
>>> seats({"A": 50, "B": 30, "C": 20}, 4)
{'A': 2, 'B': 1, 'C': 1}
>>> seats({"A": 0}, 3)
{'A': 0}
""",
        solution="""
everyone = sum(votes.values())
if everyone == 0:
    return {party: 0 for party in votes}
given = {party: count * total // everyone for party, count in votes.items()}
order = sorted(votes, key=lambda party: (-(votes[party] * total % everyone), -votes[party], party))
for party in order[: total - sum(given.values())]:
    given[party] += 1
return given
""",
        wrong={
            "forgets what is left": [("given[party] += 1", "pass")],
            "rounds": [("count * total // everyone", "round(count * total / everyone)")],
            "largest parties get the rest": [
                (
                    "(-(votes[party] * total % everyone), -votes[party], party)",
                    "(-votes[party], party)",
                )
            ],
            "ties by name only": [(", -votes[party], party)", ", party)")],
        },
        base=[[{"A": 60, "B": 40}, 5], [{"A": 0}, 3], [{}, 4], [{"A": 1, "B": 1}, 2]],
        plus=lambda r: (
            [
                [{"A": 50, "B": 30, "C": 20}, 4],
                [{"B": 1, "A": 1}, 1],
                [{"A": 1, "B": 3}, 2],
                [{"A": 10, "B": 30}, 6],
                [{"A": 5, "B": 0}, 0],
            ]
            + [
                [
                    {n: r.randint(0, 60) for n in r.sample("FEDCBA", r.randint(1, 6))},
                    r.randint(0, 12),
                ]
                for _ in range(50)
            ]
        ),
    ),
    Source(
        signature="def spiral_walk(grid: list[list[int]]) -> list[int]:",
        difficulty="medium",
        topic="matrices",
        lean="List the numbers of a grid in a spiral from the top left, turning left first.",
        rich="""
List the numbers of a rectangular grid in a spiral that starts at the top left and runs
counter-clockwise: down the first column, along the bottom to the right, up the last column, back
along the top, and so on inwards. Each number comes exactly once. An empty grid gives [].

>>> spiral_walk([[1, 2], [3, 4]])
[1, 3, 4, 2]
>>> spiral_walk([[1, 2, 3]])
[1, 2, 3]
>>> spiral_walk([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
[1, 4, 7, 8, 9, 6, 3, 2, 5]
""",
        solution="""
walked = []
columns = [list(column) for column in zip(*grid)]
while columns:
    walked += columns[0]
    rest = columns[1:]
    columns = [list(column) for column in zip(*rest)][::-1]
return walked
""",
        wrong={
            "runs clockwise": [
                (
                    "columns = [list(column) for column in zip(*grid)]\n",
                    "columns = [list(row) for row in grid]\n",
                )
            ],
            "turns the wrong way": [("zip(*rest)][::-1]", "zip(*rest)]")],
            "goes round once": [
                ("while columns:", "for _ in range(4 if columns else 0):"),
                ("columns[0]", "(columns or [[]])[0]"),
            ],
        },
        base=[[[[1, 2], [3, 4]]], [[[1, 2, 3]]], [[]], [[[1], [2]]]],
        plus=lambda r: (
            [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[7]]], [[[1, 2, 3, 4], [5, 6, 7, 8]]]]
            + [
                [[[r.randint(0, 99) for _ in range(w)] for _ in range(r.randint(1, 6))]]
                for w in [r.randint(1, 6) for _ in range(40)]
            ]
        ),
    ),
    Source(
        signature="def retry_plan(first: float, factor: float, limit: float, total: float) -> list[float]:",
        difficulty="medium",
        topic="simulation",
        lean="List the pauses between retries with exponential backoff until a total time is used up.",
        rich="""
List the pauses in seconds between retries. The first pause is first, each further one is factor
times the one before, but none is longer than limit. Pauses are added as long as their sum does not
exceed total; the list never has more than 100. A first pause of 0 or less gives an empty list.

>>> retry_plan(1.0, 2.0, 5.0, 12.0)
[1.0, 2.0, 4.0, 5.0]
>>> retry_plan(3.0, 1.0, 9.0, 6.0)
[3.0, 3.0]
>>> retry_plan(0.0, 2.0, 5.0, 9.0)
[]
""",
        solution="""
pauses = []
pause = first
used = 0.0
while first > 0 and len(pauses) < 100:
    wait = min(pause, limit)
    if used + wait > total:
        break
    pauses.append(wait)
    used += wait
    pause *= factor
return pauses
""",
        wrong={
            "forgets the limit": [("min(pause, limit)", "pause")],
            "total must not be reached": [("used + wait > total", "used + wait >= total")],
            "one pause too many": [
                (
                    "    if used + wait > total:\n            break\n        pauses.append(wait)",
                    "    pauses.append(wait)\n        if used + wait > total:\n            break",
                )
            ],
            "at most ten": [("< 100", "< 10")],
        },
        base=[
            [1.0, 2.0, 5.0, 12.0],
            [3.0, 1.0, 9.0, 5.0],
            [0.0, 2.0, 5.0, 9.0],
            [2.0, 2.0, 8.0, 1.0],
        ],
        plus=lambda r: (
            [
                [3.0, 1.0, 9.0, 6.0],
                [0.5, 1.0, 1.0, 500.0],
                [8.0, 2.0, 4.0, 20.0],
                [-1.0, 2.0, 3.0, 9.0],
                [1.0, 0.5, 3.0, 9.0],
            ]
            + [
                [
                    r.choice([0.25, 0.5, 1.0, 2.0]),
                    r.choice([0.5, 1.0, 1.5, 2.0]),
                    r.choice([1.0, 3.0, 8.0]),
                    float(r.randint(0, 40)),
                ]
                for _ in range(40)
            ]
        ),
    ),
]
