"""How figures are written for a person."""


def percent(share: float | None, digits: int = 0) -> str:
    """A share, e.g. `88%`; empty for none."""
    return "" if share is None else f"{share:.{digits}%}"


def interval(share: float | None, low: float, high: float) -> str:
    """A share with its interval, e.g. `88% [82..92]`; a dash where nothing was judged."""
    return "-" if share is None else f"{share:.0%} [{100 * low:.0f}..{100 * high:.0f}]"


def points(difference: float, digits: int = 1) -> str:
    """A difference of shares in percentage points, always with its sign."""
    return f"{round(100 * difference, digits) + 0.0:+.{digits}f}"  # + 0.0: no negative zero


def points_interval(difference: float, low: float, high: float) -> str:
    """The same with its interval, e.g. `+9.8 [+4..+16]`."""
    return f"{points(difference)} [{points(low, 0)}..{points(high, 0)}]"


def p_value(p: float) -> str:
    """A p-value with three digits; what is smaller is said to be."""
    return "<.001" if p < 0.001 else f"{p:.3f}"


def p_equals(p: float) -> str:
    """The same as a statement, e.g. `p = 0.044`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def dollars(price: float | None) -> str:
    """An amount of USD with two digits that tell something; empty for none."""
    if price is None:
        return ""
    return f"{price:.2f} USD" if price >= 0.1 else f"{price:.2g} USD"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is read most easily."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def count(number: int, noun: str) -> str:
    """A number of things, e.g. `1 attempt`, `2,400 attempts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
