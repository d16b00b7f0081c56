"""Seconds until the service is ready after it was started, its memory then, and how much of both is hazm's.

Run: make bench-start DATA=FOLDER   (a data folder; it is copied, not written to)
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.service import child_named
from tests.started import free_port, serving_at

HAZM = """
import time, psutil
before, began = psutil.Process().memory_info().rss, time.perf_counter()
from hazm import Normalizer
Normalizer().normalize("سلام")
print(time.perf_counter() - began, (psutil.Process().memory_info().rss - before) / 2**20)
"""
WANTED_S, WANTED_MIB = 8.0, 800.0


def main() -> int:
    """Print the medians of some starts; return 1 where they are not those wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="data folder of the loaded inbox")
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args()
    starts = [measure_start(chosen.data) for _ in range(chosen.times)]
    seconds, mib = (statistics.median(column) for column in zip(*starts, strict=True))
    hazm_s, hazm_mib = measure_hazm(chosen.times)
    print(f"ready after {seconds:.1f} s, {mib:,.0f} MiB; of these hazm {hazm_s:.1f} s, {hazm_mib:,.0f} MiB")
    return int(seconds > WANTED_S or mib > WANTED_MIB)


def measure_start(data: Path) -> tuple[float, float]:
    """Return seconds until ``/readyz`` is 200, and MiB at that moment."""
    with tempfile.TemporaryDirectory(prefix="bazkhord-bench-") as folder:
        for name in ("bazkhord.db", "identity.key"):
            shutil.copy(data / name, folder)
        began = time.perf_counter()
        with serving_at(free_port(), {**os.environ, "BAZKHORD_DATA_DIR": folder}):
            seconds = time.perf_counter() - began
            return seconds, child_named("serve").memory_info().rss / 2**20


def measure_hazm(times: int) -> tuple[float, float]:
    """Return seconds and MiB that hazm takes in a process that does nothing else, medians."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", HAZM], check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(times)
    ]
    seconds, mib = zip(*((float(one), float(other)) for one, other in runs), strict=True)
    return statistics.median(seconds), statistics.median(mib)


if __name__ == "__main__":
    raise SystemExit(main())
