"""The line that a provider runs when it has started a container: it fetches and runs the agent.

POSIX sh, with one of curl, wget or Python. It never fails the container's own start-up: all of
it happens in the background, and what goes wrong is said in the container's log and, where that
can be done, to the control plane. It may be run again at any time: one agent runs per machine.
"""

from __future__ import annotations

import shlex

from shared.agent_wire.messages import PATH_BOOT_FAILED

MAX_CHARACTERS = 2500  # a provider takes 4,048 for everything
NO_PYTHON = "this image has no Python 3.10 or newer and none could be installed"

# Before the agent as little as can be is started, each Python without its site's packages.
# Exits 64 to 66 are the agent's own word that it is not to be started again (fenced; another
# runs; unusable settings). Where the agent's folder cannot be made it lies in the home folder.
_SCRIPT = """\
( trap '' HUP; u=@URL@ s=@SHA@ b=@BEARER@; d=${DUMONT_AGENT_HOME:-/var/lib/dumont}
mkdir -p "$d" 2>/dev/null && [ -w "$d" ] || { d=${HOME:-/tmp}/.dumont; mkdir -p "$d"; }
cd "$d" || exit 0
export DUMONT_BUNDLE=$u DUMONT_BUNDLE_BEARER=$b
export DUMONT_AGENT_HOME="$d" DUMONT_BOOT_ID="$(cat /proc/sys/kernel/random/uuid || date +%s)"
has() { command -v $1 >/dev/null; }
say() { echo "dumont: $1" >&2; echo "dumont: $1" >>agent.log; }
tell() { say "$1"; t="Content-Type: application/json" r=$DUMONT_AGENT_API@PATH@
j="{\\"bootstrap_token\\":\\"$DUMONT_BOOTSTRAP_TOKEN\\",\\"message\\":\\"$1\\"}"
if has curl; then curl -sm20 -H "$t" -d "$j" "$r"
else wget -qO- -T20 --header "$t" --post-data "$j" "$r"; fi >/dev/null 2>&1; }
find_py() { for py in python3.13 python3.12 python3.11 python3.10 python3; do
$py -Sc 'import sys;sys.exit(sys.version_info<(3,10))' 2>/dev/null && return 0; done; return 1; }
get() { if has curl; then curl -fsSLm300 ${b:+-H "Authorization: Bearer $b"} -o $1 "$u"
elif has wget; then wget -qT60 ${b:+--header "Authorization: Bearer $b"} -O $1 "$u"
else B=$b U=$u $py -c 'import os,sys,urllib.request as r;b=os.environ["B"]
h={"Authorization":"Bearer "+b} if b else {}
open(sys.argv[1],"wb").write(r.urlopen(r.Request(os.environ["U"],headers=h),timeout=60).read())' $1
fi; }
good() { if has sha256sum; then [ "$(sha256sum <$1)" = "$s  -" ]
else $py -Sc 'import hashlib as h,sys
sys.exit(h.sha256(open(sys.argv[1],"rb").read()).hexdigest()!=sys.argv[2])' $1 $s; fi 2>/dev/null; }
nap() { sleep $n; n=$((n<30?n*2:30)); }
find_py || { [ $(id -u) = 0 ] && has apt-get && { apt-get update &&
DEBIAN_FRONTEND=noninteractive apt-get install -y python3; } >/dev/null 2>&1
find_py || { tell "@NO_PYTHON@"; exit 0; }; }
n=1; until good agent.pyz; do f=agent.$n
get $f 2>>agent.log && good $f && mv -f $f agent.pyz && break; rm -f $f
[ $n = 4 ] && tell "the agent could not be fetched whole"; nap; done
n=1; while :; do $py agent.pyz 2>>agent.log; c=$?
case $c in 6[456]) exit 0;; esac; say "the agent ended with $c"; nap; done
) </dev/null >/dev/null & :"""


def onstart_line(bundle_url: str, bundle_sha256: str, bearer: str) -> str:
    """Shell text of at most 2,500 characters. `bearer` is "" where the bundle is public.

    Raises ValueError for a checksum that is none, or a text that would become too long.
    """
    if len(bundle_sha256) != 64 or not set(bundle_sha256) <= set("0123456789abcdef"):
        raise ValueError("not a sha256 in hex")
    line = (
        _SCRIPT.replace("@NO_PYTHON@", NO_PYTHON)
        .replace("@PATH@", PATH_BOOT_FAILED)
        .replace("@SHA@", bundle_sha256)
        .replace("@URL@", shlex.quote(bundle_url))
        .replace("@BEARER@", shlex.quote(bearer))
    )
    if len(line) > MAX_CHARACTERS:
        raise ValueError(f"the line has {len(line)} characters, {MAX_CHARACTERS} are allowed")
    return line
