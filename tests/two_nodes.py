"""A Ray cluster of two nodes on this machine, a core each, of which one can be killed.

Prints the address; then a line on standard input kills the second node with all its processes, the end of the input
takes the cluster down.
"""

from __future__ import annotations

import os
import signal
import sys

STORE_BYTES = 80 * 2**20
# A node that is gone refuses connections and is noticed after two seconds; one that is merely slow has its time.
PATIENCE = {
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 10_000,
    "health_check_failure_threshold": 4,
}


def main() -> None:
    """Keep the cluster until the input ends."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    head = {
        "num_cpus": 1,
        "object_store_memory": STORE_BYTES,
        "include_dashboard": False,
        "_system_config": PATIENCE,
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    second = cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    sys.stdout.write(f"{cluster.address}\n")
    sys.stdout.flush()
    if sys.stdin.readline():
        for process in second.all_processes["raylet"]:
            os.kill(process.process.pid, signal.SIGKILL)
        sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main()
