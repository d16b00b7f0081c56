"""``python -m tests.fuzz N``: inputs that nobody would write, to all that reads inputs; reports crashes and hangs.

A third of them is made by changes to whole inputs (the same for the same seed), the rest by libFuzzer, which
keeps what reaches new code (atheris). A run that takes more than a second of the processor counts as a hang.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HANG_S = 1.0
STUCK_S = 120
GUIDED = (
    "csv", "sheet", "json_lines", "json_document", "mbox", "telegram", "whatsapp", "feed", "http_json", "prepare",
    "language", "push", "push_lines", "webhook", "query",
)  # fmt: skip


@dataclass
class Report:
    """What came of a target's runs."""

    n_runs: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    crashes: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)


def try_one(report: Report, target: object, data: bytes, found: Path) -> None:
    """The input is given to the target; what it breaks is kept and told."""
    began = time.process_time()
    try:
        target(data)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        kept = _keep(found, data)
        if len(report.crashes) < 20:
            report.crashes.append(f"{type(error).__name__}: {str(error)[:200]} ({kept})")
    took_s = time.process_time() - began
    report.n_runs += 1
    if took_s > report.slowest_s:
        report.slowest_s, report.slowest = took_s, f"{len(data)} bytes"
    if took_s > HANG_S:
        report.hangs.append(f"{took_s:.1f} s ({_keep(found, data)})")


def change(n_runs: int, *, seed: int, found: Path, names: Sequence[str] = ()) -> dict[str, Report]:
    """Return what came of inputs that are changed at random, shared out among the targets."""
    from tests.fuzz.corpus import SEEDS, mutate
    from tests.fuzz.targets import targets

    reports: dict[str, Report] = {}
    with targets() as known:
        for name, target in known.items():
            target(SEEDS[name][0])  # what is loaded at the first use (hazm: seconds) counts for nobody
        chosen = list(names or known)
        for number, name in enumerate(chosen):
            chance = random.Random(f"{seed} {name}")
            report = reports.setdefault(name, Report())
            for seed_input in SEEDS[name]:
                try_one(report, known[name], seed_input, found)
            for _ in range(n_runs // len(chosen) + (number < n_runs % len(chosen)) - len(SEEDS[name])):
                faulthandler.dump_traceback_later(STUCK_S, exit=True)
                try_one(report, known[name], mutate(chance.choice(SEEDS[name]), chance), found)
            faulthandler.cancel_dump_traceback_later()
    return reports


def guide(name: str, n_runs: int, found: Path) -> None:
    """libFuzzer gives inputs to a target, in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(
        include=["pipeline", "api", "models", "mailparser_reply", "email", "feedparser"]
    ):
        from tests.fuzz.targets import targets
    from tests.fuzz.corpus import SEEDS

    corpus = found / f"corpus_{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(SEEDS[name]):
        (corpus / f"seed_{number}").write_bytes(data)
    report = Report()
    with targets() as known:
        known[name](SEEDS[name][0])

        def one(data: bytes) -> None:
            try_one(report, known[name], data, found)
            (found / f"{name}.json").write_text(
                json.dumps(report.__dict__)
            ) if report.n_runs >= n_runs else None

        options = [
            f"-runs={n_runs}",
            "-max_len=16384",
            f"-timeout={STUCK_S}",
            "-rss_limit_mb=4096",
            "-verbosity=0",
            str(corpus),
        ]
        atheris.Setup([sys.argv[0], *options], one)
        atheris.Fuzz()


def _guide_all(n_runs: int, found: Path) -> dict[str, Report]:
    reports: dict[str, Report] = {}
    for number, name in enumerate(GUIDED):
        n_own = n_runs // len(GUIDED) + (number < n_runs % len(GUIDED))
        command = [sys.executable, "-m", "tests.fuzz", str(n_own), "--guide", name, "--found", str(found)]
        (found / f"{name}.json").unlink(missing_ok=True)
        ended = subprocess.run(
            command, capture_output=True, check=False, env={**os.environ, "PYTHONWARNINGS": "ignore"}
        )
        told = found / f"{name}.json"
        if told.exists():
            reports[f"{name} (guided)"] = Report(**json.loads(told.read_text()))
        else:
            words = ended.stderr.decode(errors="replace")[-600:]
            reports[f"{name} (guided)"] = Report(crashes=[f"ended with {ended.returncode}: {words}"])
        _tell({f"{name} (guided)": reports[f"{name} (guided)"]})
    return reports


def _keep(found: Path, data: bytes) -> Path:
    import hashlib

    found.mkdir(parents=True, exist_ok=True)
    file = found / hashlib.sha256(data).hexdigest()[:16]
    file.write_bytes(data)
    return file


def _tell(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        print(
            f"{name:24} {report.n_runs:>8,} runs  {len(report.crashes)} crashes  {len(report.hangs)} hangs  "
            f"slowest {report.slowest_s:.3f} s ({report.slowest})",
            flush=True,
        )
        for line in report.crashes + report.hangs:
            print(f"    {line}", flush=True)


def main() -> int:
    """Fuzz; return 1 where something crashed or hung."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("n_runs", type=int, help="inputs in all")
    parser.add_argument("--seed", type=int, default=1, help="of the changes at random")
    parser.add_argument("--only", action="append", default=[], help="name of a target, changed inputs only")
    parser.add_argument("--guide", help="name of the target that libFuzzer gets, in this process")
    parser.add_argument(
        "--found", type=Path, default=Path("var/fuzz"), help="where inputs that break something are kept"
    )
    asked = parser.parse_args()
    if asked.guide:
        guide(asked.guide, asked.n_runs, asked.found)
        return 0
    asked.found.mkdir(parents=True, exist_ok=True)
    n_changed = asked.n_runs if asked.only else asked.n_runs // 3
    reports = change(n_changed, seed=asked.seed, found=asked.found, names=asked.only)
    _tell(reports)
    if not asked.only:
        reports |= _guide_all(asked.n_runs - n_changed, asked.found)
    n_runs = sum(report.n_runs for report in reports.values())
    n_bad = sum(len(report.crashes) + len(report.hangs) for report in reports.values())
    print(f"{n_runs:,} runs, {n_bad} crashes and hangs")
    return int(n_bad > 0 or n_runs < asked.n_runs)


if __name__ == "__main__":
    sys.exit(main())
