"""The Dockerfile's steps, run one by one in an empty folder, since a container engine is not everywhere.

Paths of the image are put below a temporary root; what needs the image's own root (useradd, chown) is
checked for its meaning instead. The result is also the proof that the wheel is whole: it is installed into
an empty environment and run from another directory.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.page import VENDORED
from tests.page_files import statuses_of_all_files
from tests.started import free_port, serving_at

REPOSITORY = Path(__file__).parent.parent
IMAGE_PATHS = ("/opt/bazkhord", "/etc/bazkhord", "/src", "/data")


@dataclass(frozen=True)
class Step:
    """One instruction of a Dockerfile."""

    word: str
    rest: str


def read_steps() -> list[Step]:
    lines = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [Step(*line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def below(root: Path, text: str) -> str:
    for path in IMAGE_PATHS:
        text = re.sub(rf"(?<![\w.]){path}(?=/|\b)", f"{root}{path}", text)
    return text


def copy(step: Step, root: Path, folder: Path) -> None:
    *sources, target = step.rest.split()
    if sources[0].startswith("--from="):
        assert Path(below(root, sources[1])).is_dir()  # both stages share the temporary root
        return
    to = Path(below(root, target)) if target.startswith("/") else folder / target
    for source in sources:
        origin = REPOSITORY / source
        if origin.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(origin, to, ignore=ignored, dirs_exist_ok=True)
        else:
            (to if target.endswith("/") else to.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, to)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Every step run; the root it happened below, and the environment of the image."""
    root = tmp_path_factory.mktemp("image")
    folder = root / "src"
    kept = ("HOME", "LANG", "PATH", "NODE_EXTRA_CA_CERTS")
    environment = {key: value for key, value in os.environ.items() if key in kept or key.startswith("PIP_")}
    environment |= {"PYTHONNOUSERSITE": "1"}
    for step in read_steps():
        if step.word == "WORKDIR":
            folder = Path(below(root, step.rest))
            folder.mkdir(parents=True, exist_ok=True)
        elif step.word in {"ARG", "ENV"}:
            key, value = step.rest.split("=", 1)
            environment[key] = below(root, value).replace("$PATH", environment["PATH"])
        elif step.word == "COPY":
            copy(step, root, folder)
        elif step.word == "RUN" and "useradd" not in step.rest:
            command = below(root, step.rest).replace("python3 -m venv", f"{sys.executable} -m venv")
            subprocess.run(["sh", "-ec", command], cwd=folder, env=environment, check=True)
    return root, environment


@pytest.mark.slow
def test_the_image_analyses_a_message_from_another_directory(
    image: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    root, environment = image
    command = [f"{root}/opt/bazkhord/bin/bazkhord", "analyze", "--file", "-", "--json"]

    done = subprocess.run(
        command,
        input="غذا عالی بود ولی پیک دیر رسید".encode(),
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
    )

    answer = json.loads(done.stdout)
    assert [(mention["start"], mention["end"]) for mention in answer["mentions"]] == [(0, 12), (13, 29)]


@pytest.mark.slow
def test_the_image_refuses_to_listen_beyond_loopback_without_a_key(
    image: tuple[Path, dict[str, str]],
) -> None:
    root, environment = image

    done = subprocess.run(
        [f"{root}/opt/bazkhord/bin/bazkhord", "serve"],
        cwd=root,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 2
    assert b"keys add" in done.stderr


@pytest.mark.slow
def test_the_image_serves_the_page_and_all_that_it_loads(
    image: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    root, environment = image
    own = {"BAZKHORD_HOST": "127.0.0.1", "BAZKHORD_DATA_DIR": str(tmp_path)}

    command = str(root / "opt/bazkhord/bin/bazkhord"), "serve", "--port"

    with (
        serving_at(free_port(), environment | own, command=command, folder=tmp_path) as url,
        httpx.Client(base_url=url) as client,
    ):
        statuses = statuses_of_all_files(client)

    assert {address: status for address, status in statuses.items() if status != 200} == {}
    assert statuses.keys() >= {"/assets/app.js", "/assets/vendor/echarts/echarts.esm.min.mjs"}


@pytest.mark.slow
def test_the_image_has_of_the_pages_libraries_only_what_is_served_and_licences(
    image: tuple[Path, dict[str, str]],
) -> None:
    root, _ = image
    page = root / "opt/bazkhord/lib/python3.11/site-packages/api/dashboard"

    files = {str(path.relative_to(page)) for path in page.rglob("*") if path.is_file()}

    vendored = {name.removeprefix("node_modules/") for name in files if name.startswith("node_modules/")}
    assert {name for name in vendored if not re.search(r"LICENSE|NOTICE", name)} == set(VENDORED.values())
    assert not {"package.json", "with-node", ".npmrc"} & files


@pytest.mark.slow
def test_the_image_has_neither_torch_nor_the_tests(image: tuple[Path, dict[str, str]]) -> None:
    root, _ = image
    packages = {path.name for path in (root / "opt/bazkhord/lib/python3.11/site-packages").iterdir()}

    assert {"api", "config", "models", "pipeline"} <= packages
    assert not {"torch", "transformers", "tests"} & packages


def test_the_image_runs_as_another_user_than_root_with_a_volume_and_a_health_check() -> None:
    words = {step.word: step.rest for step in read_steps()}

    assert words["USER"] == "bazkhord"
    assert words["VOLUME"] == "/data"
    assert "/readyz" in words["HEALTHCHECK"]
    assert words["CMD"] == '["bazkhord", "serve"]'
