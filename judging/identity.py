"""Who judges here. Whoever asks for a judgement needs to know it, and nothing else of a judge."""

from foureyes.judging import libraries
from foureyes.judging.profiles import DEFAULT, PROFILES, Profile
from foureyes.judging.sandbox import environment

#: Part of what identifies an execution. Change it when any verdict could change.
JUDGE_VERSION = "11"


#: Between a judge and the profile that it judges by, where that is not the usual one.
_BY = ", profile "


def identity(format_name: str = "", profile: Profile = DEFAULT) -> str:
    """Who judges here: our version, and the Python that runs the programs. Verdicts are kept by it.

    Of a format whose programs have libraries of their own, their versions are part of it; where these
    are not here, that is said in their place, and nothing can be judged. By another profile than the
    usual one it is another judge.
    """
    needed = libraries.environment_of(format_name)
    try:
        judge = f"{JUDGE_VERSION}, {environment.fingerprint(needed)}"
    except libraries.NotPrepared:
        judge = f"{JUDGE_VERSION}, {environment.fingerprint()}, no libraries of {needed}"
    return judge if profile is DEFAULT else f"{judge}{_BY}{profile.name}"


def profile_of(judge_version: str) -> Profile:
    """The profile that a judge of this identity judges by."""
    return PROFILES.get(judge_version.rpartition(_BY)[2], DEFAULT)


def identities() -> list[str]:
    """All that who judges here goes by, whatever the format and the profile."""
    return [
        identity(name, profile)
        for name in ("", *libraries.environments())
        for profile in PROFILES.values()
    ]
