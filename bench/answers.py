"""How long the service takes for each answer, over all of the inbox.

Every question is asked for the first time: other periods each time, nothing remembered, no ETag. The service has
stood for a minute and a half before, in which it reads columns and terms (before it has, and for some seconds after
each change of the store, answers that no tally knows come from the data base and are slower). Periods end
at a random day of the last three years of the data; their lengths are those that people take: 7, 30, 90 and 365
days; and once all of it.

Run: make bench-answers DATA=FOLDER   (a data folder filled by `bazkhord run --once --sources config/sources.inbox.toml`)
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from api.app import create_app
from config.settings import Settings, load_settings

DAYS = (7, 30, 90, 365)
N_PERIODS = 6
SETTLE_S = 90
QUESTIONS = {
    "trend by day": "trend?bucket=day",
    "trend by month": "trend?bucket=month&calendar=jalali",
    "trend of a stage": "trend?bucket=week&stage=delivery",
    "breakdown by stage": "breakdown?by=stage",
    "breakdown by stage and intent": "breakdown?by=stage,intent",
    "breakdown by brand": "breakdown?by=brand",
    "breakdown, adjusted": "breakdown?by=aspect&estimate=adjusted",
    "journey": "journey?",
    "compare": "compare?by=aspect",
    "drivers": "drivers?by=stage",
    "pains": "pains?rank=unusual",
    "phrases": "phrases?stage=delivery",
    "brands": "brands?",
    "emotions": "emotions?",
    "hours": "hours?",
    "customers": "customers?limit=20",
    "asked and unasked": "cx?",
    "response times": "cx/response?by=stage",
    "feedback": "feedback?stage=app&sentiment=negative&limit=50".replace("stage=app", "aspect=app"),
}


def main() -> None:
    """Print median, 95th percentile and slowest of each answer, in milliseconds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="data folder of the loaded inbox")
    folder = parser.parse_args().data
    settings: Settings = load_settings().model_copy(update={"data_dir": folder, "log_level": "warning"})
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        time.sleep(SETTLE_S)
        periods = _periods(client)
        for name, question in QUESTIONS.items():
            times = [_ask_ms(client, f"/v1/{question}&{period}") for period in periods]
            p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
            print(
                f"{name:32} median {statistics.median(times):6.0f}  p95 {p95:6.0f}  all {times[-1]:6.0f} ms"
            )


def _periods(client: TestClient) -> list[str]:
    from datetime import datetime

    basis = client.get("/v1/trend?bucket=month&from=2000-01-01&to=2030-01-01").json()
    first, last = (datetime.fromisoformat(basis[name]).date() for name in ("data_from", "data_to"))
    draw = random.Random(7)
    ends = [(days, last - timedelta(days=draw.randrange(3 * 365))) for days in DAYS for _ in range(N_PERIODS)]
    chosen = [(end - timedelta(days=days), end) for days, end in ends]
    chosen.append((first, last + timedelta(days=1)))
    return [f"from={start}&to={end}" for start, end in chosen]


def _ask_ms(client: TestClient, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code} {answer.text[:300]}")
    return took


if __name__ == "__main__":
    main()
