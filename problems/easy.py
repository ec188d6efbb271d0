"""Twelve easy problems: one rule, one pass."""

from problems.shape import Source

EASY = [
    Source(
        signature="def badge_initials(full_name: str) -> str:",
        difficulty="easy",
        topic="strings",
        lean="Return the initials of a name for a visitor's badge.",
        rich="""
Return the initials of a name for a visitor's badge, in upper case and without dots.
Words are separated by spaces. A word with a hyphen counts as two: "anna-lena" gives "AL".
Parts that do not begin with a letter are skipped. An empty name gives "".

>>> badge_initials("ada lovelace")
'AL'
>>> badge_initials("Jean-Luc  picard")
'JLP'
>>> badge_initials("R2 (D2)")
'R'
""",
        solution="""
parts = full_name.replace("-", " ").split()
return "".join(part[0].upper() for part in parts if part[0].isalpha())
""",
        wrong={
            "forgets hyphens": [('.replace("-", " ")', "")],
            "keeps the case": [("part[0].upper()", "part[0]")],
            "skips nothing": [(" if part[0].isalpha()", "")],
        },
        base=[["ada lovelace"], ["Jean-Luc  picard"], [""], ["R2 (D2)"], ["x"]],
        plus=lambda r: [["  "], ["-"], ["a-b-c d"], ["42 is"], ["émile zola"]]
        + [[" ".join(r.choice(["bo", "Li", "x-y", "9a", "(z", "Q"]) for _ in range(r.randint(0, 6)))] for _ in range(40)],
    ),
    Source(
        signature="def stock_alerts(stock: dict[str, int], minimum: int) -> list[str]:",
        difficulty="easy",
        topic="dicts",
        lean="List the items that must be ordered because their stock is below the minimum.",
        rich="""
List the items whose stock is below the minimum (strictly), the scarcest first; items of the
same stock in alphabetical order. A negative stock counts as it is.

>>> stock_alerts({"pen": 2, "ink": 0, "pad": 9}, 3)
['ink', 'pen']
>>> stock_alerts({"b": 1, "a": 1}, 2)
['a', 'b']
>>> stock_alerts({"pen": 3}, 3)
[]
""",
        solution="""
low = [item for item in stock if stock[item] < minimum]
return sorted(low, key=lambda item: (stock[item], item))
""",
        wrong={
            "includes the minimum": [("< minimum", "<= minimum")],
            "orders by name only": [("(stock[item], item)", "item")],
            "leaves ties as they come": [("(stock[item], item)", "stock[item]")],
        },
        base=[[{"pen": 2, "ink": 0, "pad": 9}, 3], [{"b": 1, "a": 1}, 2], [{}, 5], [{"pen": 3}, 3]],
        plus=lambda r: [[{}, 0], [{"a": -1, "b": -5}, 0]]
        + [[{n: r.randint(-2, 6) for n in r.sample("zyxwvutsrqp", r.randint(0, 9))}, r.randint(-1, 6)] for _ in range(40)],
    ),
    Source(
        signature="def fill_gaps(readings: list[int | None]) -> list[int]:",
        difficulty="easy",
        topic="lists",
        lean="Replace missing sensor readings (None) by the last known one.",
        rich="""
Replace each missing reading (None) by the last known reading before it. Missing readings at the
start take the first known one instead. If no reading is known, the result is empty.

>>> fill_gaps([3, None, None, 5])
[3, 3, 3, 5]
>>> fill_gaps([None, 7, None])
[7, 7, 7]
>>> fill_gaps([None, None])
[]
""",
        solution="""
known = [reading for reading in readings if reading is not None]
if not known:
    return []
last = known[0]
filled = []
for reading in readings:
    if reading is not None:
        last = reading
    filled.append(last)
return filled
""",
        wrong={
            "starts with zero": [("last = known[0]", "last = 0")],
            "takes zero for missing": [("    if reading is not None:\n            last", "    if reading:\n            last")],
            "zeros when nothing is known": [("return []", "return [0] * len(readings)")],
        },
        base=[[[3, None, None, 5]], [[None, 7, None]], [[None, None]], [[]], [[1, 2]]],
        plus=lambda r: [[[0, None, 4, 0, None]], [[None]], [[4, 0, None]]]
        + [[[r.choice([None, 0, 1, -3, 8]) for _ in range(r.randint(0, 9))]] for _ in range(40)],
    ),
    Source(
        signature="def parking_fee(minutes: int) -> int:",
        difficulty="easy",
        topic="numbers",
        lean="Return the parking fee in cents: 2 euros for each hour begun, 15 euros a day at most, the first 15 minutes free.",
        rich="""
Return the fee in cents for a number of minutes in a car park. The first 15 minutes are free, but
whoever stays longer pays from the first minute: 200 cents for each hour begun, and never more
than 1500 cents for each day of 1440 minutes. A further day begun is charged by the same hours
and the same limit. Zero or negative minutes cost nothing.

>>> parking_fee(15)
0
>>> parking_fee(61)
400
>>> parking_fee(1441)
1700
""",
        solution="""
if minutes <= 15:
    return 0
days, rest = divmod(minutes, 1440)
hours = -(-rest // 60)
return days * 1500 + min(hours * 200, 1500)
""",
        wrong={
            "charges the 15th minute": [("minutes <= 15", "minutes < 15")],
            "counts full hours only": [("-(-rest // 60)", "rest // 60")],
            "has no limit on the last day": [("min(hours * 200, 1500)", "hours * 200")],
            "takes the free minutes off": [("divmod(minutes, 1440)", "divmod(minutes - 15, 1440)")],
        },
        base=[[15], [61], [16], [0], [600]],
        plus=lambda r: [[-5], [60], [120], [121], [480], [1439], [1440], [1441], [2880], [75], [76]]
        + [[r.randint(0, 6000)] for _ in range(40)],
    ),
    Source(
        signature="def unread_badge(count: int) -> str:",
        difficulty="easy",
        topic="text layout",
        lean="Return the text of an unread counter that is at most four characters wide.",
        rich="""
Return the text of an unread counter, at most four characters wide. Zero or fewer shows nothing
(""). Up to 999 the number itself. From 1000 on full thousands with a "k", cut not rounded: "1k".
From 100000 on always "99k+".

>>> unread_badge(7)
'7'
>>> unread_badge(1999)
'1k'
>>> unread_badge(0)
''
>>> unread_badge(100000)
'99k+'
""",
        solution="""
if count <= 0:
    return ""
if count < 1000:
    return str(count)
if count < 100000:
    return f"{count // 1000}k"
return "99k+"
""",
        wrong={
            "shows zero": [("count <= 0", "count < 0")],
            "rounds": [("count // 1000", "round(count / 1000)")],
            "changes too late": [("count < 100000", "count <= 100000")],
        },
        base=[[7], [1999], [0], [100000], [42]],
        plus=lambda r: [[999], [1000], [1001], [99999], [99500], [-3], [10**9], [1500]]
        + [[r.randint(-10, 200000)] for _ in range(30)],
    ),
    Source(
        signature="def log_rollup(lines: list[str]) -> dict[str, int]:",
        difficulty="easy",
        topic="parsing",
        lean="Count the log lines of each level.",
        rich="""
Count the log lines of each level. A line looks like "LEVEL: message"; the level is what stands
before the first colon, in any case and with any spaces around it, and is counted in upper case.
Lines without a colon belong to the level of the line before them; before any level they are ignored.

>>> log_rollup(["info: up", "WARN: hot: 90", "INFO: down"])
{'INFO': 2, 'WARN': 1}
>>> log_rollup(["error: boom", "  at line 3"])
{'ERROR': 2}
>>> log_rollup(["no level"])
{}
""",
        solution="""
counts = {}
level = None
for line in lines:
    if ":" in line:
        level = line.split(":")[0].strip().upper()
    if level is not None:
        counts[level] = counts.get(level, 0) + 1
return counts
""",
        wrong={
            "takes the last colon": [('line.split(":")[0]', 'line.rsplit(":", 1)[0]')],
            "ignores continued lines": [("if level is not None:", 'if level is not None and ":" in line:')],
            "keeps the case": [(".strip().upper()", ".strip()")],
            "keeps the spaces": [(".strip().upper()", ".upper()")],
        },
        base=[[["info: up", "WARN: hot: 90", "INFO: down"]], [["error: boom", "  at line 3"]], [[]], [["no level"]]],
        plus=lambda r: [[["x", "a:"]], [[" a : b"]], [["A:1", "y", "b: z", "y"]]]
        + [[[r.choice(["info: a", "INFO :b", " warn: c:d", "tail", "", "Error: e"]) for _ in range(r.randint(0, 8))]] for _ in range(40)],
    ),
    Source(
        signature="def podium(times: dict[str, float]) -> list[str]:",
        difficulty="easy",
        topic="sorting",
        lean="Return the names of the three fastest runners.",
        rich="""
Return the names of the three fastest runners (smallest time), the fastest first. Everybody who is
as fast as the third also belongs to it, so there may be more than three. Equal times are listed in
alphabetical order. Runners with a time of 0 or less did not finish and are left out.

>>> podium({"Ana": 9.5, "Bo": 9.1, "Cy": 9.9, "Di": 10.2})
['Bo', 'Ana', 'Cy']
>>> podium({"d": 2.0, "c": 2.0, "b": 2.0, "a": 2.0})
['a', 'b', 'c', 'd']
>>> podium({"x": 0.0})
[]
""",
        solution="""
ranked = sorted((time, name) for name, time in times.items() if time > 0)
if len(ranked) > 3:
    slowest = ranked[2][0]
    ranked = [pair for pair in ranked if pair[0] <= slowest]
return [name for time, name in ranked]
""",
        wrong={
            "always three": [("ranked = [pair for pair in ranked if pair[0] <= slowest]", "ranked = ranked[:3]")],
            "includes who did not finish": [(" if time > 0", "")],
            "slowest first": [("return [name for time, name in ranked]", "return [name for time, name in reversed(ranked)]")],
        },
        base=[[{"Ana": 9.5, "Bo": 9.1, "Cy": 9.9, "Di": 10.2}], [{}], [{"x": 0.0}], [{"a": 1.0, "b": 1.0}]],
        plus=lambda r: [[{"d": 2.0, "c": 2.0, "b": 2.0, "a": 2.0}], [{"a": -1.0, "b": 3.0}]]
        + [[{n: r.choice([0.0, 1.5, 2.0, 2.5, 3.0]) for n in r.sample("jihgfedcba", r.randint(0, 9))}] for _ in range(40)],
    ),
    Source(
        signature="def mask_card(number: str) -> str:",
        difficulty="easy",
        topic="strings",
        lean="Mask a card number so that only its last four digits can be read.",
        rich="""
Replace every digit but the last four by "*". All other characters (spaces, hyphens) stay where
they are. With four digits or fewer nothing is replaced.

>>> mask_card("4111 1111 1111 1234")
'**** **** **** 1234'
>>> mask_card("12-34-5")
'*2-34-5'
>>> mask_card("123")
'123'
""",
        solution="""
hidden = sum(character.isdigit() for character in number) - 4
masked = ""
for character in number:
    if character.isdigit() and hidden > 0:
        masked += "*"
        hidden -= 1
    else:
        masked += character
return masked
""",
        wrong={
            "masks what is not a digit": [("character.isdigit() and hidden > 0", "hidden > 0")],
            "one digit too few": [("- 4", "- 5")],
            "counts all characters": [("sum(character.isdigit() for character in number)", "len(number)")],
        },
        base=[["4111 1111 1111 1234"], ["12-34-5"], ["123"], [""], ["12345"]],
        plus=lambda r: [["1234"], ["----12345"], ["1 2 3 4 5 6"], ["no digits"]]
        + [["".join(r.choice("0123456789 -") for _ in range(r.randint(0, 20)))] for _ in range(40)],
    ),
    Source(
        signature="def seat_label(index: int, per_row: int) -> str:",
        difficulty="easy",
        topic="numbers",
        lean="Return the label of a seat, such as A1 for the first, given how many seats a row has.",
        rich="""
Return the label of a seat: the row's letter and the seat's number in it, counted from 1. Seats are
numbered row by row from index 0. After row Z come AA, AB and so on, as in a spreadsheet.

>>> seat_label(0, 10)
'A1'
>>> seat_label(25, 10)
'C6'
>>> seat_label(26, 1)
'AA1'
""",
        solution="""
row, seat = divmod(index, per_row)
letters = ""
row += 1
while row > 0:
    row, letter = divmod(row - 1, 26)
    letters = chr(ord("A") + letter) + letters
return f"{letters}{seat + 1}"
""",
        wrong={
            "counts seats from zero": [("{seat + 1}", "{seat}")],
            "ends at Z": [("while row > 0:", "for _ in range(1):")],
            "treats letters as digits": [("divmod(row - 1, 26)", "divmod(row, 26)")],
        },
        base=[[0, 10], [25, 10], [26, 1], [9, 10]],
        plus=lambda r: [[701, 1], [702, 1], [18277, 1], [18278, 1], [259, 10], [260, 10], [51, 1], [52, 1]]
        + [[r.randint(0, 3000), r.randint(1, 12)] for _ in range(40)],
    ),
    Source(
        signature="def split_bill(total: int, people: int) -> list[int]:",
        difficulty="easy",
        topic="numbers",
        lean="Split a bill in cents among people as evenly as possible.",
        rich="""
Split a total in cents among people so that the shares differ by at most one cent and add up to the
total. The larger shares come first. With no people the result is empty. A negative total (a refund)
is split the same way, and the shares farther from zero come first.

>>> split_bill(10, 3)
[4, 3, 3]
>>> split_bill(-10, 3)
[-4, -3, -3]
>>> split_bill(5, 0)
[]
""",
        solution="""
if people <= 0:
    return []
sign = -1 if total < 0 else 1
share, rest = divmod(abs(total), people)
return [sign * (share + (1 if person < rest else 0)) for person in range(people)]
""",
        wrong={
            "loses the rest": [(" + (1 if person < rest else 0)", "")],
            "larger shares last": [("person < rest", "person >= people - rest")],
            "rounds refunds down": [("sign = -1 if total < 0 else 1", "sign = 1"), ("abs(total)", "total")],
            "gives all the rest to one": [("(1 if person < rest else 0)", "(rest if person == 0 else 0)")],
        },
        base=[[10, 3], [9, 3], [5, 0], [0, 2]],
        plus=lambda r: [[-10, 3], [-1, 2], [1, 5], [0, 0], [7, 7], [11, 3]]
        + [[r.randint(-500, 500), r.randint(1, 9)] for _ in range(40)],
    ),
    Source(
        signature="def streak(days: list[bool]) -> int:",
        difficulty="easy",
        topic="lists",
        lean="Return the current streak of practised days, where one missed day is forgiven.",
        rich="""
Return the current streak: how many days were practised, counted back from the last day in the list.
One single missed day is forgiven: it does not count, and the counting goes on before it. The second
missed day ends the streak.

>>> streak([True, True, True])
3
>>> streak([True, False, True])
2
>>> streak([True, False, True, False])
1
>>> streak([])
0
""",
        solution="""
count = 0
missed = 0
for practised in reversed(days):
    if practised:
        count += 1
    else:
        missed += 1
        if missed == 2:
            break
return count
""",
        wrong={
            "forgives nothing": [("missed == 2", "missed == 1")],
            "forgives two": [("missed == 2", "missed == 3")],
            "counts from the first day": [("reversed(days)", "days")],
            "counts the missed day": [("missed += 1\n", "missed += 1\n            count += missed == 1\n")],
        },
        base=[[[True, True, True]], [[True, False, True]], [[]], [[False]]],
        plus=lambda r: [[[True, False, True, False]], [[False, False, True]], [[True, True, False, False]]]
        + [[[r.random() < 0.65 for _ in range(r.randint(0, 10))]] for _ in range(40)],
    ),
    Source(
        signature="def reading_time(text: str, words_per_minute: int) -> str:",
        difficulty="easy",
        topic="text layout",
        lean='Return how long a text takes to read, such as "3 min".',
        rich="""
Return how long a text takes to read: the words (separated by white space) divided by the words per
minute, rounded up to whole minutes. From 60 minutes on hours and minutes are shown, the minutes
only if there are any. An empty text takes "0 min".

>>> reading_time("one two three", 2)
'2 min'
>>> reading_time("", 200)
'0 min'
>>> reading_time("a " * 61, 1)
'1 h 1 min'
>>> reading_time("a " * 120, 1)
'2 h'
""",
        solution="""
minutes = -(-len(text.split()) // words_per_minute)
if minutes < 60:
    return f"{minutes} min"
hours, rest = divmod(minutes, 60)
return f"{hours} h {rest} min" if rest else f"{hours} h"
""",
        wrong={
            "rounds down": [("-(-len(text.split()) // words_per_minute)", "len(text.split()) // words_per_minute")],
            "counts spaces": [("text.split()", 'text.split(" ")')],
            "shows zero minutes": [(' if rest else f"{hours} h"', "")],
            "hours after 60": [("minutes < 60", "minutes <= 60")],
        },
        base=[["one two three", 2], ["", 200], ["word", 1], ["a b c d", 2]],
        plus=lambda r: [["a " * 61, 1], ["a " * 120, 1], ["a " * 60, 1], ["a " * 59, 1], ["  x  y ", 1], ["a\nb\tc", 1]]
        + [["w " * r.randint(0, 400), r.choice([1, 2, 3, 7])] for _ in range(30)],
    ),
]
