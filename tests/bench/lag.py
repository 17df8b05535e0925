"""How late the event loop is under load: modelport with a clock in its loop, as a process of its own.

`python -m tests.bench.lag DATA_DIR` prints the greeting as `serve` does; at each SIGUSR1 it prints p50, p99 and longest
lateness in milliseconds since the last one.
"""

import asyncio
import os
import signal
import sys
import time

import uvloop

from gateway.app import Modelport
from gateway.configuration.loading import load
from gateway.greeting import greeting

PAUSE_S = 0.005


async def _main() -> None:
    flags = {"data_dir": sys.argv[1], "server": {"port": 0, "open_to_localhost": False}}
    settings = load(None, flags=flags).settings
    modelport = Modelport(settings, environment=os.environ)
    await modelport.start()
    late_ms: list[float] = []
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, _report, late_ms)
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    for line in greeting(settings, modelport.address, modelport.port, modelport.admin_key):
        print(line, flush=True)
    while not stopping.is_set():
        asked = time.perf_counter()
        await asyncio.sleep(PAUSE_S)
        late_ms.append((time.perf_counter() - asked - PAUSE_S) * 1000)
    await modelport.stop()


def _report(late_ms: list[float]) -> None:
    ordered = sorted(late_ms) or [0.0]
    late_ms.clear()
    shown = (ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])
    print(*(f"{one:.1f}" for one in shown), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
