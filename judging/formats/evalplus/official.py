"""Which problems are EvalPlus's own, so that its rules for them hold: never by the id alone.

Anybody may call a problem `Mbpp/2`. For a few problems EvalPlus turns lists into tuples, or takes
more than one answer for right (judging/formats/evalplus/shapes.py, oracles.py); in somebody's own problem of the
same id that would be wrong. EvalPlus's is known by its entry point and by one of its base inputs,
which stay what they are when a prompt is written anew or inputs are added.
"""

from typing import Any

from foureyes.models.digest import digest

#: Of the problems with rules of their own in any release of EvalPlus, and of those that it is wrong
#: about (evaluation/evalplus.py, judging/formats/evalplus/record.py): the digest of the id, the entry point and
#: EvalPlus's first base input, which may stand anywhere among the base inputs.
_DIGESTS = """
    0436d9cb 050ff928 055feeca 08187685 0bd2add3 0c3a6260 1035dc1d 1052b038 1bdff88d 1fe3cc9c
    230fd7ac 2f3f9869 3806e20b 387c2508 38c43f32 392fc5f5 3c00176d 412468ee 43b2da91 440ff01d
    4f04790a 539774b0 549b2c24 60ab5126 6165b07e 67b312ab 67c2d776 696866d7 6b290ea7 6c1f61f6
    6d1bc614 710cbcb2 71632569 734017b5 740c3942 77068e87 78c44847 7ca2d368 806a87ca 8167e0a3
    825009cb 836ff112 83922c0b 89c5a28b 8d5a6ff4 8f29f753 8f8f312c 90d0fee4 9783451b 97c2ea5e
    97fed817 9b5756ef 9e7abc97 9ec2c130 a083bd2b a270a19b a58c1f7f a6058fea a672655a afb70818
    b0bfa3d9 b791b688 b8f88834 ba7420f3 c233d673 c6175ac9 c67789c8 e1cd9ae6 e3c1ec28 e4e2e114
    e864ef80 ebf2f40d ec75d0da f1be2722 f5da2451 f8bd4a08 fb9a3649 fce74768 fd5825d6 fd58d9e4
"""
_KNOWN = frozenset(_DIGESTS.split())


def is_official(problem_id: str, entry_point: str, base_inputs: list[Any]) -> bool:
    """Whether this is EvalPlus's problem of this id; false for all that nothing special is known of."""
    if not problem_id.startswith(("Mbpp/", "HumanEval/")):
        return False
    return any(digest([problem_id, entry_point, given])[:8] in _KNOWN for given in base_inputs)
