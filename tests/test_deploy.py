"""The examples under deploy/ name only commands, settings, paths and metrics that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from api.metrics import Metrics
from config.settings import Settings
from pipeline.__main__ import app
from pipeline.measuring import REGISTRY

REPOSITORY = Path(__file__).parent.parent
DEPLOY = REPOSITORY / "deploy"
OF_THE_STORE = {"bazkhord_database_up", "bazkhord_oldest_pending_age_seconds", "bazkhord_source_failures"}
OURS = ("migrate", "service", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """What compose.yaml says, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return read


def test_every_command_is_one_of_ours(compose: dict[str, Any]) -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    asked = [compose["services"][name]["command"] for name in OURS]

    assert [command[command.index("bazkhord") + 1] in known for command in asked] == [True, True, True]


def test_every_setting_is_one_of_ours(compose: dict[str, Any]) -> None:
    named = {key for name in OURS for key in compose["services"][name]["environment"]}

    assert {
        key for key in named if key.removeprefix("BAZKHORD_").lower() not in Settings.model_fields
    } == set()


def test_our_containers_write_only_where_they_must_and_have_no_rights(compose: dict[str, Any]) -> None:
    for name in OURS:
        one = compose["services"][name]
        assert (one["read_only"], one["cap_drop"], one["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108
        assert one["volumes"][0] == "data:/data"
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert "USER bazkhord" in dockerfile
    assert compose["services"]["migrate"]["volumes"][1].split(":")[1] in dockerfile


def test_services_and_volumes_that_are_named_are_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    awaited = {name for one in services.values() for name in one.get("depends_on", {})}
    mounted = {mount.split(":")[0] for one in services.values() for mount in one.get("volumes", ())}

    assert awaited <= services.keys()
    assert {name for name in mounted if not name.startswith(".")} == compose["volumes"].keys()
    assert {name for name in mounted if name.startswith("./")} == {"./sources.toml", "./Caddyfile"}


def test_nothing_but_the_proxy_is_reached_from_outside_and_everything_has_limits(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]

    assert [name for name, one in services.items() if "ports" in one] == ["proxy"]
    limited = {name for name, one in services.items() if "memory" in str(one.get("deploy"))}
    assert limited == services.keys() - {"migrate"}


def test_no_secret_stands_in_an_example() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")

    assert re.findall(r"(?:PASSWORD|IDENTITY_KEY): (?!\$\{)", text) == []


def test_the_proxy_asks_the_service_at_its_port_for_what_there_is() -> None:
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")

    assert "service:8000" in caddy
    assert "health_uri /readyz" in caddy


def test_alerts_name_metrics_that_there_are() -> None:
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    families = [*REGISTRY.collect(), *Metrics().registry.collect()]
    told = {family.name for family in families} | OF_THE_STORE

    named = {
        re.sub(r"_(total|bucket)$", "", metric)
        for rule in rules
        for metric in re.findall(r"bazkhord_\w+", rule["expr"])
    }
    assert named - told == set()
