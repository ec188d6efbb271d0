"""How figures are written for a person: rounded, but never to what would say something else."""

from foureyes.results.figures.statistics import SIGNIFICANT


def _rounded(value: float, digits: int, *marks: float, sign: str = "") -> str:
    """With so many digits, and as many more as it takes not to be taken for one of the marks."""
    while digits < 9 and any(round(value, digits) == mark != value for mark in marks):
        digits += 1
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # + 0.0: no negative zero


def percent(share: float | None, digits: int = 0) -> str:
    """A share, e.g. `88%`; a dash for none. 100% are all, and 0% is none."""
    return "–" if share is None else f"{_hundredths(share, digits)}%"


def interval(share: float | None, low: float, high: float, digits: int = 0) -> str:
    """A share with its interval, e.g. `88% [82..92]`; a dash where nothing was judged."""
    if share is None:
        return "–"
    ends = f"{_hundredths(low, digits)}..{_hundredths(high, digits)}"
    return f"{percent(share, digits)} [{ends}]"


def _hundredths(share: float, digits: int) -> str:
    return _rounded(100 * share, digits, 0.0, 100.0)


def points(difference: float, digits: int = 1) -> str:
    """A difference of shares in percentage points, always with its sign; zero is none at all."""
    return _rounded(100 * difference, digits, 0.0, sign="+")


def points_interval(difference: float, low: float, high: float) -> str:
    """The same with its interval, e.g. `+9.8 [+4..+16]`, whose ends have the signs they really have."""
    ends = [points(end, 0) if end else "0" for end in (low, high)]
    return f"{points(difference)} [{ends[0]}..{ends[1]}]"


def size(difference: float, digits: int = 0) -> str:
    """How large a difference of shares is, in points and without a sign."""
    return _rounded(100 * abs(difference), digits, 0.0)


def margin(share: float) -> str:
    """A margin in points, as a person wrote it, e.g. `3` or `2.5`."""
    return f"{round(100 * share, 6):g}"


def factor(value: float) -> str:
    """By what something is multiplied, with two digits; 1.00 is no change."""
    return _rounded(value, 2, 0.0, 1.0)


def p_value(p: float) -> str:
    """A p-value with three digits, or as many as say on which side of 0.05 it is."""
    return "<.001" if p < 0.001 else _rounded(p, 3, SIGNIFICANT)


def p_equals(p: float) -> str:
    """The same as a statement, e.g. `p = 0.044`."""
    return "p < 0.001" if p < 0.001 else f"p = {p_value(p)}"


def dollars(price: float | None) -> str:
    """An amount of USD with two digits that tell something; empty for none."""
    if price is None:
        return ""
    return f"{price:.2f} USD" if price >= 0.1 else f"{price:.2g} USD"


def amount(value: float, sign: str = "") -> str:
    """Tokens or USD with three digits that tell something, e.g. `1,204`, `35.2`, `0.0041`; `sign` is + or
    nothing."""
    size = abs(value)
    if size < 1:
        return f"{value:{sign}.2g}" if value else "0"
    return f"{value:{sign},.{0 if size >= 100 else 1 if size >= 10 else 2}f}"


def amount_interval(value: float, low: float | None, high: float | None, sign: str = "") -> str:
    """The same with its interval, where there is one, e.g. `1,204 [980..1,430]`."""
    if low is None or high is None:
        return amount(value, sign)
    return f"{amount(value, sign)} [{amount(low, sign)}..{amount(high, sign)}]"


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours, whichever is read most easily; empty for none."""
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.{1 if 0 < seconds < 10 else 0}f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def count(number: int, noun: str) -> str:
    """A number of things, e.g. `1 attempt`, `2,400 attempts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def verb(number: int, one: str, many: str) -> str:
    """What so many do, e.g. `is` of one and `are` of others."""
    return one if number == 1 else many


def thousands(number: int) -> str:
    """A number of which only the size matters, e.g. `9,500`, `24 k`, `8.1 M`."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1000:.0f} k" if number < 1_000_000 else f"{number / 1e6:,.1f} M"
