"""Ten problems whose programs read standard input and write their answer."""

from foureyes.problems.contest_shape import Task


def _word(r, letters, longest):
    return "".join(r.choice(letters) for _ in range(r.randint(1, longest)))


def _lantern(r):
    return [".\n", "#\n", "....\n", "####\n", "#.#.#\n"] + [
        "".join(r.choice("..#") for _ in range(n)) + "\n" for n in (7, 50, 400)
    ]


def _coins(r):
    texts = ["1\n0\n", "3\n1\n7\n10\n", "4\n13\n14\n21\n28\n"]
    for n in (2, 5, 8, 20, 40):
        texts.append(f"{n}\n" + "".join(f"{r.randint(0, 3000)}\n" for _ in range(n)))
    return texts


def _means(r):
    texts = ["1\n5\n", "3\n1 1 2\n", "2\n-1 0\n"]
    for n in (3, 6, 7, 30, 300):
        texts.append(f"{n}\n{' '.join(str(r.randint(-40, 40)) for _ in range(n))}\n")
    return texts


def _shelf(r):
    texts = ["1\nFRONT\n", "2\nPUT 5\nBACK\n", "3\nPUT 1\nPUT 2\nBACK\n"]
    for n in (6, 12, 30, 100, 400):
        kinds = [r.choice(["PUT", "PUT", "FRONT", "BACK"]) for _ in range(n)]
        lines = [f"PUT {r.randint(1, 99)}" if kind == "PUT" else kind for kind in kinds]
        texts.append(f"{n}\n" + "\n".join(lines) + "\n")
    return texts


def _maze(r):
    texts = ["1 1 0\n.\n", "1 3 0\n.#.\n", "1 3 1\n.#.\n"]
    texts.append("4 6 1\n.#.#..\n.#.##.\n...##.\n####..\n")
    for h, w, k in ((5, 8, 2), (8, 8, 0), (12, 12, 3), (20, 20, 2)):
        rows = ["".join(r.choice("..##.") for _ in range(w)) for _ in range(h)]
        rows[0] = "." + rows[0][1:]
        rows[-1] = rows[-1][:-1] + "."
        texts.append(f"{h} {w} {k}\n" + "\n".join(rows) + "\n")
    return texts


def _days(r):
    texts = ["1 1\n4 4\n", "2 2\n1 3\n3 5\n", "2 2\n1 2\n3 4\n"]
    for n, m in ((4, 2), (10, 3), (30, 5), (100, 20), (200, 60)):
        lines = [(a := r.randint(1, 300), a + r.randint(0, 90)) for _ in range(n)]
        texts.append(f"{n} {m}\n" + "".join(f"{a} {b}\n" for a, b in lines))
    return texts


def _beads(r):
    texts = ["1 1\na\n", "5 1\naabbb\n", "4 3\nabcd\n"]
    for n, k in ((8, 2), (20, 3), (60, 4), (200, 5), (500, 2)):
        texts.append(f"{n} {k}\n" + "".join(r.choice("abcdefg") for _ in range(n)) + "\n")
    return texts


def _relays(r):
    texts = ["1\n", "2\n1 2\n", "4\n1 2\n1 3\n1 4\n"]
    for n in (6, 9, 20, 60, 200):
        names = list(range(1, n + 1))
        r.shuffle(names)
        edges = [(names[i], names[r.randint(max(0, i - 3), i - 1)]) for i in range(1, n)]
        texts.append(f"{n}\n" + "".join(f"{a} {b}\n" for a, b in edges))
    return texts


def _mirrors(r):
    texts = ["1\nab\n", "1\naa\n", "2\nab ba\n"]
    for n in (5, 9, 20, 40, 80):
        texts.append(f"{n}\n{' '.join(_word(r, 'ab', 4) for _ in range(n))}\n")
    return texts


STDIN = [
    Task(
        title="Lantern Row",
        difficulty="easy",
        content="""
Along a street stands a row of lanterns. A lantern is lit (`#`) or dark (`.`). Lit lanterns that stand
next to each other form a group. How many groups are there?

Input: one line, the row, of 1 to 1000 lanterns.

Output: the number of groups.

Sample input:
##..#
Sample output:
2
""",
        solution="""
def solve(text):
    row = "." + text.strip()
    return str(sum(a == "." and b == "#" for a, b in zip(row, row[1:])))
""",
        wrong={
            "counts lanterns": [('a == "." and b == "#"', 'b == "#"')],
            "misses a group at the start": [('"." + text', "text")],
            "counts dark groups": [('a == "." and b == "#"', 'a == "#" and b == "."')],
        },
        public=["##..#\n", "...\n"],
        private=_lantern,
    ),
    Task(
        title="Odd Coins",
        difficulty="medium",
        content="""
A country has coins of 1, 7 and 10. For each amount tell the fewest coins that make it up exactly.

Input: the number t of amounts (1 to 100), then t lines with an amount from 0 to 3000 each.

Output: t lines, the fewest coins for each amount.

Sample input:
2
14
15
Sample output:
2
3
""",
        solution="""
def solve(text):
    amounts = list(map(int, text.split()))[1:]
    best = [0]
    for amount in range(1, max(amounts) + 1):
        best.append(1 + min(best[amount - coin] for coin in (1, 7, 10) if coin <= amount))
    return "\\n".join(str(best[amount]) for amount in amounts)
""",
        wrong={
            "takes the largest coin first": [
                ("best[amount]) for", "amount // 10 + amount % 10 // 7 + amount % 10 % 7) for")
            ],
            "knows no coin of 7": [("(1, 7, 10)", "(1, 10)")],
            "reads the count as an amount": [("[1:]", "")],
        },
        public=["2\n14\n15\n", "1\n9\n"],
        private=_coins,
        packed=True,
    ),
    Task(
        title="Mean of the Week",
        difficulty="easy",
        content="""
Print the mean of some temperatures, which are integers, with exactly two decimals, rounded down
(towards minus infinity).

Input: the number n of temperatures (1 to 1000), then a line with n integers from -40 to 40.

Output: the mean.

Sample input:
3
1 2 2
Sample output:
1.66
""",
        solution="""
def solve(text):
    values = list(map(int, text.split()))[1:]
    cents = sum(values) * 100 // len(values)
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
""",
        wrong={
            "rounds to the nearest": [
                ("sum(values) * 100 // len(values)", "round(sum(values) * 100 / len(values))")
            ],
            "rounds towards zero": [
                ("sum(values) * 100 // len(values)", "int(sum(values) * 100 / len(values))")
            ],
            "loses the sign": [('"-" if cents < 0 else ""', '""')],
        },
        public=["3\n1 2 2\n", "2\n-3 0\n"],
        private=_means,
    ),
    Task(
        title="Parcel Shelf",
        difficulty="medium",
        content="""
Parcels lie in a row on a shelf. `PUT x` puts parcel x at the back; `FRONT` and `BACK` take the parcel
there. For each parcel taken print its number, or `EMPTY` if there is none.

Input: the number n of commands (1 to 1000), then n lines with a command each.

Output: a line for each `FRONT` and `BACK`; `NOTHING` if there was no such command.

Sample input:
4
PUT 3
PUT 8
FRONT
BACK
Sample output:
3
8
""",
        solution="""
def solve(text):
    from collections import deque

    shelf, taken = deque(), []
    for line in text.splitlines()[1:]:
        words = line.split()
        if words[0] == "PUT":
            shelf.append(words[1])
        elif not shelf:
            taken.append("EMPTY")
        else:
            taken.append(shelf.popleft() if words[0] == "FRONT" else shelf.pop())
    return "\\n".join(taken) or "NOTHING"
""",
        wrong={
            "takes from the back only": [
                ('shelf.popleft() if words[0] == "FRONT" else shelf.pop()', "shelf.pop()")
            ],
            "says nothing of an empty shelf": [('taken.append("EMPTY")', "pass")],
            "puts at the front": [("shelf.append(", "shelf.appendleft(")],
        },
        public=["4\nPUT 3\nPUT 8\nFRONT\nBACK\n", "2\nBACK\nPUT 4\n"],
        private=_shelf,
        packed=True,
    ),
    Task(
        title="Mole in the Maze",
        difficulty="hard",
        content="""
A mole wants to get from the top left to the bottom right of a grid. A step leads up, down, left or
right. Free cells are `.`; it can dig through at most k walls (`#`) in all. Print the fewest steps, or
-1 if there is no way. The first and the last cell are free.

Input: h, w and k (1 to 20, 1 to 20, 0 to 5), then h lines of w cells.

Output: the fewest steps, or -1.

Sample input:
2 3 1
.#.
##.
Sample output:
3
""",
        solution="""
def solve(text):
    from collections import deque

    lines = text.split()
    h, w, k = map(int, lines[:3])
    grid = lines[3:]
    seen = {(0, 0, 0)}
    queue = deque([(0, 0, 0, 0)])
    while queue:
        y, x, dug, steps = queue.popleft()
        if (y, x) == (h - 1, w - 1):
            return str(steps)
        for v, u in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            if 0 <= v < h and 0 <= u < w:
                state = v, u, dug + (grid[v][u] == "#")
                if state[2] <= k and state not in seen:
                    seen.add(state)
                    queue.append((*state, steps + 1))
    return "-1"
""",
        wrong={
            "digs as often as it likes": [("state[2] <= k and ", "")],
            "never digs": [("state[2] <= k", "state[2] <= 0")],
            "forgets how often it dug": [
                ("state not in seen", "state[:2] not in seen"),
                ("seen.add(state)", "seen.add(state[:2])"),
            ],
            "counts cells": [("return str(steps)", "return str(steps + 1)")],
        },
        public=["2 3 1\n.#.\n##.\n", "2 2 0\n.#\n#.\n"],
        private=_maze,
    ),
    Task(
        title="Busy Days",
        difficulty="medium",
        content="""
Each of n guests stays from day a to day b, both included. On how many days are at least m guests there?

Input: n and m (1 to 200), then n lines with a and b (1 <= a <= b <= 400).

Output: the number of days.

Sample input:
2 2
1 3
2 5
Sample output:
2
""",
        solution="""
def solve(text):
    n, m, *ends = map(int, text.split())
    there = [0] * 500
    for a, b in zip(ends[::2], ends[1::2]):
        for day in range(a, b + 1):
            there[day] += 1
    return str(sum(count >= m for count in there))
""",
        wrong={
            "leaves a day early": [("b + 1", "b")],
            "wants more than m": [("count >= m", "count > m")],
            "wants exactly m": [("count >= m", "count == m")],
        },
        public=["2 2\n1 3\n2 5\n", "1 2\n5 9\n"],
        private=_days,
        packed=True,
    ),
    Task(
        title="Two Tone Beads",
        difficulty="medium",
        content="""
How long is the longest part of a string of beads, without gaps, that has at most k colours?

Input: n and k (1 to 500, 1 to 7), then a line of n lower-case letters, a colour each.

Output: the length of the longest part.

Sample input:
6 2
abacca
Sample output:
4
""",
        solution="""
def solve(text):
    _, k, beads = text.split()
    best = start = 0
    counts = {}
    for end, bead in enumerate(beads, 1):
        counts[bead] = counts.get(bead, 0) + 1
        while len(counts) > int(k):
            counts[beads[start]] -= 1
            if not counts[beads[start]]:
                del counts[beads[start]]
            start += 1
        best = max(best, end - start)
    return str(best)
""",
        wrong={
            "begins anew at a new colour": [
                ("start += 1", "start = end - 1; counts = {bead: 1}; break")
            ],
            "allows one colour more": [("> int(k)", "> int(k) + 1")],
            "tells the last part": [("max(best, end - start)", "end - start")],
        },
        public=["6 2\nabacca\n", "3 1\nabc\n"],
        private=_beads,
    ),
    Task(
        title="Quiet Signals",
        difficulty="hard",
        content="""
A signal is a string of `a`, `b` and `c`. It is quiet if it has no `ab` in it and never the same letter
three times in a row. How many quiet signals of length n are there, modulo 1000000007?

Input: n, from 1 to 2000.

Output: the number of quiet signals.

Sample input:
2
Sample output:
8
""",
        solution="""
def solve(text):
    n = int(text)
    counts = {(letter, 1): 1 for letter in "abc"}
    for _ in range(n - 1):
        after = {}
        for (last, run), count in counts.items():
            for letter in "abc":
                if last + letter == "ab" or (letter == last and run == 2):
                    continue
                state = letter, run + 1 if letter == last else 1
                after[state] = (after.get(state, 0) + count) % 1000000007
        counts = after
    return str(sum(counts.values()) % 1000000007)
""",
        wrong={
            "allows three in a row": [("run == 2", "run == 3")],
            "allows ab": [('last + letter == "ab" or ', "")],
            "forgets the modulus at the end": [
                ("% 1000000007\n        counts", "\n        counts"),
                ("str(sum(counts.values()) % 1000000007)", "str(sum(counts.values()))"),
            ],
        },
        public=["2\n", "1\n"],
        private=lambda r: [f"{n}\n" for n in (3, 4, 5, 20, 45, 200, 1000, 2000)],
        packed=True,
    ),
    Task(
        title="Middle Relay",
        difficulty="hard",
        content="""
Relays 1 to n are joined by n - 1 wires so that each reaches each other. If one relay is taken away, the
rest falls into parts. Which relay leaves the smallest largest part? Of several the one with the smallest
number.

Input: n (1 to 200), then n - 1 lines with two relays that are joined.

Output: the relay, and how many relays its largest part has.

Sample input:
3
1 2
2 3
Sample output:
2 1
""",
        solution="""
def solve(text):
    n, *ends = map(int, text.split())
    near = {relay: [] for relay in range(1, n + 1)}
    for a, b in zip(ends[::2], ends[1::2]):
        near[a].append(b)
        near[b].append(a)

    def size(relay, gone):
        return 1 + sum(size(other, relay) for other in near[relay] if other != gone)

    parts = {
        relay: max((size(other, relay) for other in near[relay]), default=0) for relay in near
    }
    best = min(parts, key=lambda relay: (parts[relay], relay))
    return f"{best} {parts[best]}"
""",
        wrong={
            "takes the one with most wires": [
                ("(parts[relay], relay))", "(-len(near[relay]), relay))")
            ],
            "takes the largest number": [("(parts[relay], relay)", "(parts[relay], -relay)")],
            "tells the smallest part": [("max((size", "min((size")],
        },
        public=["3\n1 2\n2 3\n", "4\n4 3\n3 2\n2 1\n"],
        private=_relays,
    ),
    Task(
        title="Mirror Words",
        difficulty="easy",
        content="""
Print the words of a list whose mirror image (the word read backwards) is in the list, too, at another
place. Keep their order; print `-` if there are none.

Input: the number n of words (1 to 100), then a line of n words of lower-case letters.

Output: the words, separated by spaces.

Sample input:
4
abc no cba on
Sample output:
abc no cba on
""",
        solution="""
def solve(text):
    words = text.split()[1:]
    kept = [
        word
        for at, word in enumerate(words)
        if word[::-1] in words[:at] + words[at + 1 :]
    ]
    return " ".join(kept) or "-"
""",
        wrong={
            "takes a word for its own mirror": [("words[:at] + words[at + 1 :]", "words")],
            "looks behind only": [("words[:at] + words[at + 1 :]", "words[at + 1 :]")],
            "sorts them": [('" ".join(kept)', '" ".join(sorted(kept))')],
        },
        public=["4\nabc no cba on\n", "2\nlevel x\n"],
        private=_mirrors,
        packed=True,
    ),
]
