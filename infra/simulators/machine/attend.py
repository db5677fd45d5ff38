"""Beside the user's work on a machine: writes the GPU figures, answers ssh."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

from infra.simulators.machine.load import Gpu, live_loads, write_whole

EVERY_S = 0.5
ADDRESS = "127.0.0.1"
BACKLOG = 16


def main() -> None:
    spec = json.loads((Path(sys.argv[1]) / "machine.json").read_text())
    asyncio.run(_attend(spec))


async def _attend(spec: dict[str, object]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_show_gpus(spec))
        group.create_task(_answer_ssh(spec, group))


async def _show_gpus(spec: dict[str, object]) -> None:
    run = Path(str(spec["run"]))
    gpus = [
        Gpu(index, str(spec["gpu_name"]), int(str(spec["gpu_memory_mib"])),
            float(str(spec["gpu_max_watts"])))
        for index in range(int(str(spec["num_gpus"])))
    ]  # fmt: skip
    before = time.monotonic()
    while True:
        loads = live_loads(run / "loads")
        now = time.monotonic()
        for gpu in gpus:
            gpu.follow(loads, now - before)
        before = now
        shown = {"as_of": time.time(), "gpus": [gpu.reading() for gpu in gpus]}
        write_whole(run / "gpu.json", json.dumps(shown))
        await asyncio.sleep(EVERY_S)


async def _answer_ssh(spec: dict[str, object], group: asyncio.TaskGroup) -> None:
    """Asyncssh is loaded at the first connection: most machines never see one."""
    listener = await _listen(int(str(spec["ssh_port"])))
    loop = asyncio.get_running_loop()
    while True:
        connection, _ = await loop.sock_accept(listener)
        group.create_task(_one(connection, spec))


async def _listen(port: int) -> socket.socket:
    """Somebody else may hold the port for a moment: that must not end the container."""
    while True:
        try:
            listener = socket.create_server((ADDRESS, port), backlog=BACKLOG)
        except OSError as error:
            print(f"ssh: port {port}: {error}", file=sys.stderr)
            await asyncio.sleep(EVERY_S)
            continue
        listener.settimeout(0)
        return listener


async def _one(connection: socket.socket, spec: dict[str, object]) -> None:
    from infra.simulators.machine.ssh import converse

    try:
        await converse(connection, spec)
    except Exception as error:  # noqa: BLE001 - a bad visitor must not end the container
        print(f"ssh: {type(error).__name__}: {error}", file=sys.stderr)
        connection.close()


if __name__ == "__main__":
    main()
