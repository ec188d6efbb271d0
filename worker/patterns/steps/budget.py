"""What an attempt may still spend, for patterns that draw samples until a budget is spent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TokensLeft:
    """How many answer tokens are left of the attempt's budget, once those of all its calls are taken off.

    It is yielded as a step is, gives a number at once and costs no call. The number is negative after a
    call that took more than was left, and infinite in an attempt that has no budget. An attempt has one
    where the sweep file says `tokens_of` for a pattern that names the option that it stands for:
    `@pattern("mine", counts="drafts")`.
    """
