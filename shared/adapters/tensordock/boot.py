"""What a new virtual machine runs by itself: its first boot's `runcmd`, and every boot after it.

`runcmd` runs once in a machine's life, the boot line has to run at every start. So `runcmd`
leaves a script where cloud-init looks at each boot, and runs it.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.ports.marketplace import CreateOrder

_FOLDER = '"${DUMONT_MACHINE_ROOT:-}/var/lib/cloud/scripts/per-boot"'
# Where the machine's system brings Docker, the workspace is a container of its own image that
# sees the GPUs and the machine's network; without it the boot line runs on the machine itself.
_SCRIPT = """\
#!/bin/sh
export HOME="${HOME:-/root}"
@EXPORTS@
line=@LINE@
if command -v docker >/dev/null && [ -S "${DOCKER_HOST:-/var/run/docker.sock}" ]; then
docker start dumont 2>/dev/null || docker run -d --init --name dumont --gpus all \\
--network host -v /workspace:/workspace @FLAGS@ --entrypoint /bin/sh @IMAGE@ -c "$line
while :; do sleep 3600; done"
else sh -c "$line"; fi
"""


def boot_commands(order: CreateOrder) -> list[str]:
    """The lines of `cloud_init.runcmd`. The script is its owner's alone: it holds a token."""
    script = b64encode(_script(order).encode()).decode()
    return [
        f'd={_FOLDER}; mkdir -p "$d" && echo {script} | base64 -d > "$d/dumont" && '
        'chmod 700 "$d/dumont" && "$d/dumont"'
    ]


def _script(order: CreateOrder) -> str:
    exports = [f"export {name}={shlex.quote(value)}" for name, value in order.env.items()]
    flags = [f"-e {name}" for name in order.env]
    return (
        _SCRIPT.replace("@EXPORTS@", "\n".join(exports))
        .replace("@FLAGS@", " ".join(flags))
        .replace("@IMAGE@", shlex.quote(order.image))
        .replace("@LINE@", shlex.quote(order.onstart))
    )
