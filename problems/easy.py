"""Twelve easy problems: one rule, one pass."""

from foureyes.problems.shape import Source

EASY = [
    Source(
        signature="def cart_total(prices: list[int], discount: int) -> int:",
        difficulty="easy",
        topic="numbers",
        lean="Return the total of a shopping cart after a discount.",
        rich="""
Return the sum of the prices minus the discount, all in cents. The total is never below 0.

>>> cart_total([250, 100], 50)
300
>>> cart_total([30], 100)
0
>>> cart_total([], 0)
0
""",
        solution="""
return max(0, sum(prices) - discount)
""",
        wrong={
            "may be negative": [("max(0, sum(prices) - discount)", "sum(prices) - discount")],
            "takes the discount in percent": [
                ("- discount", "* (100 - discount) // 100 + 0 * discount")
            ],
            "takes it off each price": [("- discount", "- discount * len(prices)")],
        },
        base=[[[250, 100], 50], [[30], 100], [[], 0], [[5, 5, 5], 5]],
        plus=lambda r: (
            [[[], 10], [[7], 7], [[1, 1, 1], 2]]
            + [
                [[r.randint(0, 500) for _ in range(r.randint(0, 6))], r.randint(0, 900)]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def count_above(values: list[int], limit: int) -> int:",
        difficulty="easy",
        topic="lists",
        lean="Count how many measurements are above a limit.",
        rich="""
Count how many values are above the limit. A value equal to the limit is not above it.

>>> count_above([5, 7, 9], 6)
2
>>> count_above([3, 3], 3)
0
>>> count_above([], 1)
0
""",
        solution="""
return sum(value > limit for value in values)
""",
        wrong={
            "counts the limit itself": [("value > limit", "value >= limit")],
            "adds the values": [
                ("value > limit for value in values", "value for value in values if value > limit")
            ],
            "counts different values": [("for value in values", "for value in set(values)")],
        },
        base=[[[5, 7, 9], 6], [[3, 3], 3], [[], 1], [[-1, -5], -3]],
        plus=lambda r: (
            [[[8, 8, 8], 7], [[0], 0], [[1, 1], 0]]
            + [
                [[r.randint(-5, 9) for _ in range(r.randint(0, 9))], r.randint(-4, 8)]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def longest_name(names: list[str]) -> str:",
        difficulty="easy",
        topic="strings",
        lean="Return the longest name of a guest list.",
        rich="""
Return the longest name of a list. If several are equally long, return the first of them. An empty
list gives "".

>>> longest_name(["Bo", "Anna", "Cleo"])
'Anna'
>>> longest_name([])
''
""",
        solution="""
return max(names, key=len, default="")
""",
        wrong={
            "the last of several": [("max(names, key=len", "max(reversed(names), key=len")],
            "the last in the alphabet": [(", key=len", "")],
            "fails on an empty list": [(', default=""', "")],
        },
        base=[[["Bo", "Anna", "Cleo"]], [[]], [["x"]], [["Eve", "Al"]]],
        plus=lambda r: (
            [[["a", "b"]], [["bb", "aa"]], [["", ""]], [["aa", "b", "cc"]]]
            + [
                [
                    [
                        "".join(r.choice("abz") for _ in range(r.randint(0, 4)))
                        for _ in range(r.randint(0, 6))
                    ]
                ]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def swap_ends(items: list[int]) -> list[int]:",
        difficulty="easy",
        topic="lists",
        lean="Return a list with its first and last element swapped.",
        rich="""
Return a new list in which the first and the last element have changed places. A list of fewer than
two elements comes back as it is. The given list is not changed.

>>> swap_ends([1, 2, 3])
[3, 2, 1]
>>> swap_ends([1, 2, 3, 4])
[4, 2, 3, 1]
>>> swap_ends([])
[]
""",
        solution="""
if len(items) < 2:
    return list(items)
return [items[-1], *items[1:-1], items[0]]
""",
        wrong={
            "turns it round": [("[items[-1], *items[1:-1], items[0]]", "items[::-1]")],
            "fails on short lists": [("len(items) < 2", "False")],
            "loses the middle": [("*items[1:-1], ", "")],
        },
        base=[[[1, 2, 3]], [[]], [[7]], [[1, 2]]],
        plus=lambda r: (
            [[[1, 2, 3, 4]], [[5, 5]], [[0, 1, 0, 2]]]
            + [[[r.randint(0, 9) for _ in range(r.randint(0, 8))]] for _ in range(40)]
        ),
    ),
    Source(
        signature="def user_name(first: str, last: str) -> str:",
        difficulty="easy",
        topic="strings",
        lean="Make a user name of the first letter of the first name and the whole last name.",
        rich="""
Make a user name: the first letter of the first name followed by the whole last name, in lower case
and without any spaces. If there is no first name, it is the last name alone.

>>> user_name("Ada", "Lovelace")
'alovelace'
>>> user_name("Ludwig", "van Beethoven")
'lvanbeethoven'
>>> user_name("", "Cher")
'cher'
""",
        solution="""
return (first[:1] + last).lower().replace(" ", "")
""",
        wrong={
            "keeps the case": [(".lower()", "")],
            "keeps spaces": [('.replace(" ", "")', "")],
            "fails without a first name": [("first[:1]", "first[0]")],
            "takes the whole first name": [("first[:1]", "first")],
        },
        base=[["Ada", "Lovelace"], ["", "Cher"], ["Bo", "Li"], ["X", ""]],
        plus=lambda r: (
            [["Ludwig", "van Beethoven"], ["", ""], ["A", " b c "]]
            + [
                [
                    "".join(r.choice("AbZ") for _ in range(r.randint(0, 3))),
                    "".join(r.choice("aB c") for _ in range(r.randint(0, 7))),
                ]
                for _ in range(40)
            ]
        ),
    ),
    Source(
        signature="def water_state(celsius: float) -> str:",
        difficulty="easy",
        topic="numbers",
        lean='Return whether water is "ice", "water" or "steam" at a temperature.',
        rich="""
Return what water is at a temperature in degrees Celsius: "ice" at 0 and below, "steam" at 100 and
above, and "water" between them.

>>> water_state(20.0)
'water'
>>> water_state(0.0)
'ice'
>>> water_state(100.0)
'steam'
""",
        solution="""
if celsius <= 0:
    return "ice"
if celsius >= 100:
    return "steam"
return "water"
""",
        wrong={
            "water at zero": [("celsius <= 0", "celsius < 0")],
            "water at a hundred": [("celsius >= 100", "celsius > 100")],
            "ice below one": [("celsius <= 0", "celsius < 1")],
        },
        base=[[20.0], [-5.0], [120.0], [50.5]],
        plus=lambda r: (
            [[0.0], [100.0], [0.01], [99.99], [-0.01], [100.5]]
            + [[r.choice([0.0, 0.5, 1.0, 99.5, 100.0]) + r.randint(-3, 3)] for _ in range(40)]
        ),
    ),
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
        plus=lambda r: (
            [["  "], ["-"], ["a-b-c d"], ["42 is"], ["émile zola"]]
            + [
                [
                    " ".join(
                        r.choice(["bo", "Li", "x-y", "9a", "(z", "Q"])
                        for _ in range(r.randint(0, 6))
                    )
                ]
                for _ in range(40)
            ]
        ),
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
        plus=lambda r: (
            [[{}, 0], [{"a": -1, "b": -5}, 0]]
            + [
                [
                    {n: r.randint(-2, 6) for n in r.sample("zyxwvutsrqp", r.randint(0, 9))},
                    r.randint(-1, 6),
                ]
                for _ in range(40)
            ]
        ),
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
            "takes zero for missing": [
                (
                    "    if reading is not None:\n            last",
                    "    if reading:\n            last",
                )
            ],
            "zeros when nothing is known": [("return []", "return [0] * len(readings)")],
        },
        base=[[[3, None, None, 5]], [[None, 7, None]], [[None, None]], [[]], [[1, 2]]],
        plus=lambda r: (
            [[[0, None, 4, 0, None]], [[None]], [[4, 0, None]]]
            + [[[r.choice([None, 0, 1, -3, 8]) for _ in range(r.randint(0, 9))]] for _ in range(40)]
        ),
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
        plus=lambda r: (
            [[999], [1000], [1001], [99999], [99500], [-3], [10**9], [1500]]
            + [[r.randint(-10, 200000)] for _ in range(30)]
        ),
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
            "counts all characters": [
                ("sum(character.isdigit() for character in number)", "len(number)")
            ],
        },
        base=[["4111 1111 1111 1234"], ["12-34-5"], ["123"], [""], ["12345"]],
        plus=lambda r: (
            [["1234"], ["----12345"], ["1 2 3 4 5 6"], ["no digits"]]
            + [
                ["".join(r.choice("0123456789 -") for _ in range(r.randint(0, 20)))]
                for _ in range(40)
            ]
        ),
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
            "rounds refunds down": [
                ("sign = -1 if total < 0 else 1", "sign = 1"),
                ("abs(total)", "total"),
            ],
            "gives all the rest to one": [
                ("(1 if person < rest else 0)", "(rest if person == 0 else 0)")
            ],
        },
        base=[[10, 3], [9, 3], [5, 0], [0, 2]],
        plus=lambda r: (
            [[-10, 3], [-1, 2], [1, 5], [0, 0], [7, 7], [11, 3]]
            + [[r.randint(-500, 500), r.randint(1, 9)] for _ in range(40)]
        ),
    ),
]
