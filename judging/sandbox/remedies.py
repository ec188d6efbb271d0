"""What a person can do about a sandbox that does not start, told by what it said last."""

from collections.abc import Sequence

_ALLOW_NAMESPACES = (
    "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0)"
)
_REMEDIES = {
    "root without CAP_SYS_ADMIN": "run the worker as an ordinary user, or give its container "
    "CAP_SYS_ADMIN",
    "Operation not permitted": f"{_ALLOW_NAMESPACES}, or in a container give it CAP_SYS_ADMIN and "
    "the seccomp profile of docs/sandbox.md",
    "No space left": "allow user namespaces (sysctl user.max_user_namespaces=10000)",
    "No permissions": f"{_ALLOW_NAMESPACES}; in a container see docs/sandbox.md",
    "Permission denied": "let every user read the project and its Python, and " + _ALLOW_NAMESPACES,
    "Can't find source": "reinstall the Python that runs the worker: a part of it is missing",
}


def explained(lines: Sequence[str]) -> str:
    """The last of the lines that a sandbox wrote, and the remedy if one is known."""
    said = lines[-1].removeprefix("OSError: ") if lines else "it said nothing"
    for symptom, remedy in _REMEDIES.items():
        if symptom in said:
            return f"{said}; {remedy}"
    return said
