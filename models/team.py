"""Which model plays which role. Roles have any name: a pattern declares one by asking it."""

import re
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

#: The two that the patterns that ship ask.
CODER, REVIEWER = "coder", "reviewer"

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def mistake_in(role: str) -> str | None:
    """Why no role can be called so; None if one can."""
    if role == "name":
        return "'name' is what a team is called, and no role"
    if not _ROLE.fullmatch(role):
        return (
            f"{role[:60]!r} is no role: lower-case letters, digits, '_' and '-', a letter first, 40 "
            "at most"
        )
    return None


def lacks(role: str, roles: Iterable[str]) -> str:
    """What is said of a step that asks somebody who is not in the team."""
    return f"asks the role {role!r}, which the team does not have ({', '.join(sorted(roles))})"


def said(roles: Mapping[str, str]) -> str:
    """Models by role as tables and views write them: `coder=a, reviewer=b, tester=c`."""
    return ", ".join(f"{role}={model}" for role, model in sorted(roles.items()))


def identity(roles: Mapping[str, str]) -> list[object]:
    """What goes into the keys of runs and sweeps.

    A coder and a reviewer alone are the two names, as before there were other roles.
    """
    if roles.keys() == {CODER, REVIEWER}:
        return [roles[CODER], roles[REVIEWER]]
    return [dict(roles)]


def name_of(roles: Mapping[str, str]) -> str:
    """What tables call a team that has no name of its own: `CODER+REVIEWER`, or its models by role."""
    usual = roles.keys() == {CODER, REVIEWER}
    return f"{roles[CODER]}+{roles[REVIEWER]}" if usual else said(roles)


class Team(BaseModel):
    """The models by role, by their names in the sweep: every key but `name` is a role."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str] = Field(init=False)

    #: What tables call the team.
    name: str = ""

    @property
    def roles(self) -> dict[str, str]:
        """The models' names by role, in the order of the roles' names."""
        return dict(sorted(self.__pydantic_extra__.items()))
