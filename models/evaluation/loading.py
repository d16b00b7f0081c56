"""Loads the model in a fresh process and says what that cost: seconds, memory, megabytes on disk.

``python -m models.evaluation.loading WEIGHTS`` prints one JSON object. Nothing of weight is imported before the
clock runs.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_N_TEXTS = 256
_TEXT = "غذا عالی بود ولی پیک دیر رسید"


@dataclass(frozen=True, slots=True)
class Cost:
    """What loading the model takes in a fresh process, apart from reading Persian (hazm).

    Attributes:
        hazm_load_s: Seconds to import and build the normaliser.
        load_s: Seconds to load the model after that, engine and tokenizer included.
        hazm_memory_mb: Memory of the process with the normaliser, megabytes (10⁶ bytes).
        memory_mb: Memory added by loading the model and reading 256 texts.
        weights_mb: Size of the weights, tokenizer and manifest on disk.
    """

    hazm_load_s: float
    load_s: float
    hazm_memory_mb: float
    memory_mb: float
    weights_mb: float


def load_and_measure(weights: Path) -> Cost:
    """Loads the normaliser, then the model, in this process, which must not have loaded them before."""
    started = time.perf_counter()
    from models.normalize import normalize

    normalize(_TEXT)
    hazm_ready, hazm_memory = time.perf_counter(), _memory_mb()
    from models.classifier import Classifier

    classifier = Classifier(weights)
    loaded = time.perf_counter()
    classifier.predict([" ".join([_TEXT] * (1 + i % 16)) + f" {i}" for i in range(_N_TEXTS)])
    files = [path for path in weights.iterdir() if path.stem in ("model", "tokenizer", "manifest", "config")]
    return Cost(
        hazm_load_s=hazm_ready - started,
        load_s=loaded - hazm_ready,
        hazm_memory_mb=hazm_memory,
        memory_mb=_memory_mb() - hazm_memory,
        weights_mb=sum(path.stat().st_size for path in files) / 1e6,
    )


def _memory_mb() -> float:
    """Returns the memory this process holds, in 10⁶ bytes; the most it ever held where Linux is not."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(load_and_measure(Path(sys.argv[1])))) + "\n")
