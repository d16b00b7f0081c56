"""A client that a generator wrote from ``openapi.json`` asks the running service and reads its answers."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn

from api.app import create_app
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.store import open_store
from tests.api_feedback import NOW, SMALL, TEHRAN, fill
from tests.service import SaysLate, settings_of


def without_files(description: dict[str, Any]) -> dict[str, Any]:
    """The description for a client that wants answers as JSON only: the generator knows one kind of each."""
    for operations in description["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                content = answer.get("content", {})
                if "application/json" in content:
                    answer["content"] = {"application/json": content["application/json"]}
    return description


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    url = f"sqlite:///{tmp_path}/bazkhord.db"
    with open_store(url, zone=TEHRAN) as store:
        fill(store, SMALL)
        key = add_key(store, "client", "write")
    app = create_app(settings_of(url, tmp_path), analyzer=Analyzer(SaysLate()), clock=lambda: NOW)
    (tmp_path / "openapi.json").write_text(json.dumps(without_files(app.openapi())), encoding="utf-8")
    generate = [
        str(Path(sys.executable).parent / "clientele"),
        "start-api",
        "-f",
        "openapi.json",
        "-o",
        "written",
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(generate, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, "PATH": path})
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    monkeypatch.setenv("BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("HEADERS", json.dumps({"Authorization": f"Bearer {key}"}))
    monkeypatch.setenv("TIMEOUT", "60")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        yield importlib.import_module("written.client")
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.mark.filterwarnings("ignore")
def test_a_generated_client_reads_what_the_service_answers(client: ModuleType) -> None:
    asked = {"from_": "2026-11-01", "to": "2026-12-01"}

    journey = client.get_journey_v1_journey_get(**asked)
    page = client.get_feedback_v1_feedback_get(**asked, limit=2)
    health = client.get_health_healthz_get()

    delivery = {stage.stage.value: stage.n for stage in journey.stages}["delivery"]
    assert (journey.n, delivery) == (6, 5)
    assert [item.native_id for item in page.items] == ["5", "4"]
    assert health.status == "ok"
