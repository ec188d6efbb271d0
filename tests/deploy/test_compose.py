"""docker-compose.yml and .env.example, as they are written: what a person would publish or leak."""

import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests import compose
from tests.docker import stack
from tests.programs import ROOT

SERVICES = compose.raw()["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}
SECRET = re.compile(r"PASSWORD|KEY|TOKEN|SECRET")


def test_the_file_follows_the_compose_specification() -> None:
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    jsonschema.validate(compose.raw(), schema)


def test_every_variable_is_in_the_example_and_none_is_there_in_vain() -> None:
    assert {name for name, _, _ in compose.variables()} == set(compose.example())


def test_defaults_are_those_of_the_example() -> None:
    for name, kind, default in compose.variables():
        if kind == "-":
            assert compose.example()[name] == default, name


def test_no_secret_has_a_default() -> None:
    secrets = {name for name in compose.example() if SECRET.search(name)}
    secrets -= {"KEYS"}  # names of variables, and hosts
    assert len(secrets) == 8
    for name, kind, _ in compose.variables():
        if name in secrets:
            assert compose.example()[name] == ""
            # another service's key may be missing, a password of ours may not
            assert kind == ("?" if name.endswith("_PASSWORD") else None), name


def test_no_secret_stands_in_the_file() -> None:
    for name, each in SERVICES.items():
        for variable, value in (each.get("environment") or {}).items():
            if SECRET.search(variable) or "://" in str(value) or "AUTH" in variable:
                assert "${" in value, (name, variable)


def test_a_password_is_never_in_a_command_line() -> None:
    # anybody on the machine can read those
    for name, each in SERVICES.items():
        assert not SECRET.search(" ".join(map(str, each.get("command", [])))), name


def test_every_port_is_published_on_loopback_only() -> None:
    ports = [port for each in SERVICES.values() for port in each.get("ports", [])]
    assert len(ports) == 7
    assert all(isinstance(port, str) and port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", OURS)
def test_a_process_of_ours_has_no_privileges(name: str) -> None:
    each = OURS[name]
    assert each["cap_drop"] == ["ALL"] and "cap_add" not in each
    assert each["read_only"] is True
    assert "no-new-privileges:true" in each["security_opt"]
    assert not each.get("privileged") and "network_mode" not in each and "pid" not in each
    assert not any("docker.sock" in volume for volume in each.get("volumes", []))


def test_judges_reach_the_gate_and_nothing_else() -> None:
    assert SERVICES["execution"]["networks"] == ["judging"]
    network = compose.raw()["networks"]["judging"]
    assert network["internal"] is True
    # an internal network's bridge has an address of the machine itself, with every port of its own
    assert network["driver_opts"] == {"com.docker.network.bridge.inhibit_ipv4": "true"}
    others = {name for name, each in SERVICES.items() if "judging" in each["networks"]}
    assert others == {"execution", "gate"}
    assert "ports" not in SERVICES["execution"]


def test_the_filter_of_judges_lets_the_sandbox_make_namespaces() -> None:
    (path,) = (
        option.removeprefix("seccomp=")
        for option in SERVICES["execution"]["security_opt"]
        if option.startswith("seccomp=")
    )
    if not (ROOT / path).exists():
        pytest.skip(f"{path} is not here")
    profile = json.loads((ROOT / path).read_text())
    needed = {"clone", "unshare", "mount", "pivot_root", "umount2", "seccomp", "setns"}
    named = {name: rule["action"] for rule in profile["syscalls"] for name in rule["names"]}
    for call in needed:
        assert named.get(call, profile["defaultAction"]) == "SCMP_ACT_ALLOW", call


def test_every_long_running_service_says_whether_it_is_healthy() -> None:
    for name, each in SERVICES.items():
        assert ("healthcheck" in each) == (each["restart"] != "no"), name


def test_everything_starts_after_the_migration() -> None:
    for name, each in OURS.items():
        if name in ("migrate", "weights"):
            continue
        assert each["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert each["depends_on"]["rabbitmq"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_each_role_has_a_gpu_of_its_own() -> None:
    assert {name for name, each in SERVICES.items() if each.get("profiles") == ["gpu"]} == {
        "coder",
        "reviewer",
    }
    devices = [
        compose.service(name, _secrets())["deploy"]["resources"]["reservations"]["devices"]
        for name in ("coder", "reviewer")
    ]
    assert [[one["device_ids"] for one in each] for each in devices] == [[["0"]], [["1"]]]
    assert all(one["capabilities"] == ["gpu"] for each in devices for one in each)


def test_images_are_pinned() -> None:
    for name, each in SERVICES.items():
        image, tag = each["image"].rsplit(":", 1)
        if "build" in each:
            assert (image, tag) == ("foureyes", each["build"]["target"]), name
        else:
            assert re.search(r"\d+\.\d+", tag), f"{name}: {each['image']}"


def test_what_the_file_mounts_is_in_the_repository() -> None:
    for name, each in SERVICES.items():
        for volume in each.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), (name, source)
            elif not source.startswith("$"):
                assert source in compose.raw()["volumes"], (name, source)


def test_the_example_says_how_to_make_the_file(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    shutil.copy(ROOT / ".env.example", tmp_path)
    text = (tmp_path / ".env.example").read_text()
    command = re.search(r"^#   (\(umask .*\))$", text, re.MULTILINE)
    assert command is not None
    subprocess.run(["bash", "-c", command[1]], cwd=tmp_path, check=True)
    made = tmp_path / ".env"
    assert oct(made.stat().st_mode)[-3:] == "600"
    values = dict(
        line.split("=", 1) for line in made.read_text().splitlines() if line and line[0] != "#"
    )
    passwords = [value for name, value in values.items() if name.endswith("_PASSWORD")]
    assert len(set(passwords)) == 7 and all(re.fullmatch("[0-9a-f]{48}", p) for p in passwords)
    assert values | dict.fromkeys((n for n in values if n.endswith("_PASSWORD")), "") == (
        compose.example()
    )
    for name in SERVICES:
        compose.service(name, values)


def test_the_example_goes_no_further_than_git() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"  # only what is named goes in


def test_prometheus_asks_services_of_the_file() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = {
        target.split(":")[0]
        for job in jobs
        for each in job["static_configs"]
        for target in each["targets"]
    }
    assert targets == {"flower", "rabbitmq", "web"}


def _secrets() -> dict[str, str]:
    return {name: "x" for name in compose.example() if SECRET.search(name)}


def test_what_an_old_engine_does_not_know_is_left_out_there_alone() -> None:
    """What `make test-docker` leaves out of the file; a new engine runs all of it but GPUs."""
    old, new = stack.override((20, 10, 24)), stack.override((25, 0, 0))
    checked = [name for name, each in SERVICES.items() if "start_interval" in str(each)]
    assert old.count("start_interval: !reset null") == len(checked) > 10
    assert "healthcheck" not in new
