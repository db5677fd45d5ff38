"""A machine's way to the blobs: a grant, spoken over a real socket."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from gunicorn.http.wsgi import FileWrapper
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder

from infra.agent.blobs import GrantBook, GrantedBlobs
from infra.agent.http import Http, Traffic
from infra.local.settings import free_port
from shared.adapters.embedded.blob_gateway import BlobGateway
from shared.adapters.embedded.blob_server import BlobServer
from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.secrets import EmbeddedSecrets
from shared.agent_wire.messages import Grant
from shared.domain.errors import BlobMissing, BlobPrecondition, BlobRefused
from tests.contract.conftest import gcs_blobs

CREATE = {"x-goog-if-generation-match": "0"}
CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def port():
    return free_port()


@pytest.fixture(params=["folder", pytest.param("gcs", marks=pytest.mark.emulator)])
def blobs(request, tmp_path, clock, secrets, port):
    """The folder itself, or fake-gcs-server through the gateway."""
    url = f"http://127.0.0.1:{port}/blobs"
    if request.param == "gcs":
        behind = gcs_blobs(request, clock)
        made = BlobGateway(behind, clock, secrets, url)
    else:
        behind = made = EmbeddedBlobs(tmp_path / "blobs", clock, secrets, url)
    server = make_server("127.0.0.1", port, BlobServer(made, secrets, clock), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    behind.close()


@pytest.fixture
def call(port):
    """One request; what came back as (status, headers, body)."""

    def send(method, key, token, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        given = {"Authorization": f"Bearer {token}"} if token is not None else {}
        path = "/blobs/" + urllib.parse.quote(key)
        connection.request(method, path, body=body, headers=given | (headers or {}))
        response = connection.getresponse()
        answer = (response.status, response.headers, response.read())
        connection.close()
        return answer

    return send


def writing(blobs, **changes):
    asked = {"prefix": "inst_1/", "write": True, "seconds": 60, "max_object_bytes": 2_000_000}
    asked |= changes
    return blobs.grant(asked.pop("prefix"), **asked).token


def test_an_object_is_created_once_and_read_back_with_its_checksum(blobs, call):
    token = writing(blobs)
    md5 = hashlib.md5(CONTENT)

    status, headers, _ = call("PUT", "inst_1/ü b+c/%2F", token, CREATE, CONTENT)
    assert status == 200
    assert headers["x-goog-hash"] == f"md5={base64.b64encode(md5.digest()).decode()}"
    assert headers["ETag"] == f'"{md5.hexdigest()}"'

    assert call("PUT", "inst_1/ü b+c/%2F", token, CREATE, b"other")[0] == 412
    status, headers, body = call("GET", "inst_1/ü b+c/%2F", token)
    assert (status, body) == (200, CONTENT)
    assert headers["x-goog-generation"] == str(blobs.stat("inst_1/ü b+c/%2F").generation)
    status, headers, body = call("HEAD", "inst_1/ü b+c/%2F", token)
    assert (status, headers["Content-Length"], body) == (200, str(len(CONTENT)), b"")


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-0", 206, slice(0, 1)),
        ("bytes=1000-299999", 206, slice(1000, 300_000)),
        ("bytes=1048570-", 206, slice(1_048_570, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=1048570-9999999", 206, slice(1_048_570, None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("nonsense", 200, slice(None)),
    ],
)
def test_a_range_is_those_bytes(blobs, call, asked, status, expected):
    blobs.put_new("inst_1/a", CONTENT)

    answered, _, body = call("GET", "inst_1/a", writing(blobs), {"Range": asked})

    assert (answered, body) == (status, CONTENT[expected])


@pytest.mark.parametrize(
    ("asked", "expected"), [("bytes=1000-299999", slice(1000, 300_000)), ("", slice(None))]
)
def test_a_server_that_sends_files_by_itself_finds_the_bytes_where_the_file_stands(
    tmp_path, clock, secrets, asked, expected
):
    blobs = EmbeddedBlobs(tmp_path / "blobs", clock, secrets, "http://127.0.0.1:1/blobs")
    blobs.put_new("inst_1/a", CONTENT)
    headers = {"Authorization": f"Bearer {writing(blobs)}"} | ({"Range": asked} if asked else {})
    environ = EnvironBuilder("/blobs/inst_1/a", headers=headers).get_environ()
    told = {}

    content = BlobServer(blobs, secrets, clock)(
        environ | {"wsgi.file_wrapper": FileWrapper},
        lambda _status, headers: told.update(headers),
    )

    assert isinstance(content, FileWrapper)
    sent = os.read(content.filelike.fileno(), int(told["Content-Length"]))
    assert sent == CONTENT[expected]
    content.close()
    blobs.close()


def test_a_range_beyond_the_end_is_told(blobs, call):
    blobs.put_new("inst_1/a", b"short")

    assert call("GET", "inst_1/a", writing(blobs), {"Range": "bytes=5-"})[0] == 416


@pytest.mark.parametrize(
    ("method", "key", "changes", "headers", "body", "status"),
    [
        ("GET", "inst_1/none", {}, {}, None, 404),
        ("GET", "inst_10/a", {}, {}, None, 403),
        ("GET", "inst_2/a", {}, {}, None, 403),
        ("GET", "inst_1/../inst_2/a", {}, {}, None, 400),
        ("GET", "inst_1", {}, {}, None, 403),
        ("PUT", "inst_2/a", {}, CREATE, b"x", 403),
        ("PUT", "inst_1/a", {"write": False}, CREATE, b"x", 403),
        ("PUT", "inst_1/a", {}, {}, b"x", 400),
        ("PUT", "inst_1/a", {}, {"x-goog-if-generation-match": "5"}, b"x", 400),
        ("PUT", "inst_1/a", {"max_object_bytes": 3}, CREATE, b"four", 413),
        ("PUT", "inst_1/a", {}, CREATE | {"Content-MD5": "AAAA"}, b"x", 400),
        ("PUT", "inst_1/a", {}, CREATE | {"Content-MD5": "%%"}, b"x", 400),
        ("PUT", "inst_1/a", {}, CREATE | {"Content-Length": "-1"}, None, 411),
        ("DELETE", "inst_1/a", {}, {}, None, 405),
        ("POST", "inst_1/a", {}, CREATE, b"x", 405),
    ],
)
def test_what_the_grant_does_not_say_is_refused(
    blobs, call, method, key, changes, headers, body, status
):
    assert call(method, key, writing(blobs, **changes), headers, body)[0] == status
    assert list(blobs.list("")) == []


def test_a_grant_ends_with_its_time(blobs, call, clock):
    blobs.put_new("inst_1/a", b"x")
    token = writing(blobs, seconds=60)

    clock.advance(59)
    assert call("GET", "inst_1/a", token)[0] == 200
    clock.advance(1)
    assert call("GET", "inst_1/a", token)[0] == 403


def swapped_claims(token):
    version, kid, claims, mac = token.split(".")
    parsed = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    parsed[0] = ""
    forged = base64.urlsafe_b64encode(json.dumps(parsed).encode()).decode().rstrip("=")
    return f"{version}.{kid}.{forged}.{mac}"


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: None,
        lambda token: "",
        lambda token: "x",
        lambda token: "...",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.replace(".k1.", ".k0."),
        lambda token: token.replace(".k1.", ".k9."),
        lambda token: token.replace("g1.", "g2."),
        lambda token: token.rpartition(".")[0] + ".é",
        lambda token: "x" * 5000,
        swapped_claims,
    ],
)
def test_a_forged_grant_is_no_grant(blobs, call, forge):
    blobs.put_new("inst_1/a", b"x")
    token = forge(writing(blobs))

    assert call("GET", "inst_1/a", token)[0] == 401
    assert call("PUT", "inst_1/b", token, CREATE, b"x")[0] == 401
    assert blobs.stat("inst_1/b") is None


def test_a_grant_outlives_one_rotation_of_the_keys_and_not_two(blobs, call, secrets):
    blobs.put_new("inst_1/a", b"x")
    token = writing(blobs)

    secrets.rotate()
    assert call("GET", "inst_1/a", token)[0] == 200
    secrets.rotate()
    assert call("GET", "inst_1/a", token)[0] == 401


def test_another_deployments_grant_is_no_grant(blobs, call, tmp_path, clock):
    foreign = EmbeddedBlobs(
        tmp_path / "foreign", clock, EmbeddedSecrets(tmp_path / "foreign.json"), "http://x"
    )
    blobs.put_new("inst_1/a", b"x")

    assert call("GET", "inst_1/a", writing(foreign))[0] == 401
    foreign.close()


def test_a_body_that_ends_early_stores_nothing(blobs, port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("PUT", "/blobs/inst_1/a")
    headers = CREATE | {"Authorization": f"Bearer {writing(blobs)}", "Content-Length": "1000"}
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(b"only this")
    connection.sock.shutdown(1)

    assert connection.getresponse().status in {400, 500}
    connection.close()
    assert blobs.stat("inst_1/a") is None


def test_of_racing_machines_exactly_one_creates(blobs, call):
    token = writing(blobs)

    def create(racer: int) -> int:
        return call("PUT", "inst_1/a", token, CREATE, b"racer %d" % racer)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))

    assert sorted(answers) == [200] + [412] * 7
    assert blobs.get("inst_1/a") == b"racer %d" % answers.index(200)


@pytest.fixture
def machine(blobs, clock):
    """The agent's own client, under a grant for `inst_1/`."""
    given = blobs.grant("inst_1/", write=True, seconds=600, max_object_bytes=2_000_000)
    grant = Grant(
        given.base_url,
        given.token,
        given.prefix,
        given.write,
        given.max_object_bytes,
        given.expires_at.timestamp(),
    )
    at_hand = ((grant,), clock.now().timestamp())
    book = GrantBook(lambda: at_hand, clock.monotonic_s, at_hand)
    return GrantedBlobs(Http(Traffic()), book, threading.Event())


def test_the_agents_client_and_the_server_understand_each_other(blobs, machine):
    put = machine.put_new("inst_1/pack/ü 1", CONTENT)

    stored = blobs.stat("inst_1/pack/ü 1")
    assert (put.size_bytes, put.md5, put.generation) == (
        stored.size_bytes,
        stored.md5,
        stored.generation,
    )
    told = machine.stat("inst_1/pack/ü 1")
    assert told is not None
    assert (told.md5, told.generation, told.size_bytes) == (
        stored.md5,
        stored.generation,
        stored.size_bytes,
    )
    assert stored.updated_at - told.updated_at < timedelta(seconds=1)
    assert machine.get("inst_1/pack/ü 1") == CONTENT
    assert machine.get("inst_1/pack/ü 1", start=7, length=9) == CONTENT[7:16]
    assert machine.get("inst_1/pack/ü 1", start=len(CONTENT)) == b""
    assert machine.stat("inst_1/none") is None
    with pytest.raises(BlobMissing):
        machine.get("inst_1/none")
    with pytest.raises(BlobPrecondition):
        machine.put_new("inst_1/pack/ü 1", b"other")


def test_the_agents_client_is_refused_when_its_grant_has_ended(blobs, machine, clock):
    clock.advance(600)

    with pytest.raises(BlobRefused):
        machine.get("inst_1/a")
