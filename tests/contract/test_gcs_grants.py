"""What a grant on Cloud Storage says, and what fake-gcs-server can show of it.

It checks no token. Its XML API reads with the same URL as Cloud Storage's, but takes no plain
PUT: creation under a grant is proved on the embedded server, which speaks the same.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta

import pytest

from shared.adapters.gcs.boundary import access_boundary
from shared.domain.errors import BlobError, BlobMissing, Invalid
from tests.contract.conftest import gcs_blobs

READ, CREATE = "inRole:roles/storage.objectViewer", "inRole:roles/storage.objectCreator"


@pytest.mark.parametrize(
    ("prefix", "write", "permissions", "expression"),
    [
        (
            "instances/inst_1/",
            False,
            [READ],
            "resource.name.startsWith('projects/_/buckets/b/objects/instances/inst_1/')",
        ),
        ("a/", True, [READ, CREATE], "resource.name.startsWith('projects/_/buckets/b/objects/a/')"),
        (
            "o'b\\c/",
            False,
            [READ],
            "resource.name.startsWith('projects/_/buckets/b/objects/o\\'b\\\\c/')",
        ),
    ],
)
def test_a_boundary_names_one_bucket_one_prefix_and_no_more(prefix, write, permissions, expression):
    boundary = access_boundary("b", prefix, write=write)

    (rule,) = boundary["accessBoundary"]["accessBoundaryRules"]
    assert rule == {
        "availableResource": "//storage.googleapis.com/projects/_/buckets/b",
        "availablePermissions": permissions,
        "availabilityCondition": {"expression": expression},
    }
    assert json.loads(json.dumps(boundary)) == boundary


@pytest.mark.parametrize("prefix", ["", "inst_1", "/", "../"])
def test_a_boundary_needs_a_whole_prefix(prefix):
    with pytest.raises(Invalid):
        access_boundary("b", prefix, write=False)


@pytest.fixture
def blobs(request, clock):
    made = gcs_blobs(request, clock)
    yield made
    made.close()


@pytest.mark.emulator
def test_a_grants_address_reads_the_object(blobs, clock):
    blobs.put_new("inst_1/ü b+c", b"content")

    grant = blobs.grant("inst_1/", write=False, seconds=7200, max_object_bytes=1)
    request = urllib.request.Request(
        f"{grant.base_url}/{urllib.parse.quote('inst_1/ü b+c')}",
        headers={"Authorization": f"Bearer {grant.token}", "Range": "bytes=1-3"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert (answer.status, answer.read()) == (206, b"ont")

    assert grant.expires_at == clock.now() + timedelta(hours=1)


@pytest.mark.emulator
def test_the_stand_in_takes_no_plain_put(blobs):
    """Should this fail one day, the suite of the embedded server can be run here as well."""
    grant = blobs.grant("inst_1/", write=True, seconds=60, max_object_bytes=10)
    request = urllib.request.Request(
        f"{grant.base_url}/inst_1/a",
        method="PUT",
        data=b"x",
        headers={"x-goog-if-generation-match": "0"},
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 400
    refused.value.close()


@pytest.mark.emulator
def test_a_bucket_that_is_not_there_is_an_error(request, clock, blobs):
    from shared.adapters.gcs.blobs import GcsBlobs

    lost = GcsBlobs("no-such-bucket", clock, project="demo")
    with pytest.raises(BlobMissing):
        lost.get("a")
    with pytest.raises(BlobError):
        lost.put_new("a", b"x")
    with pytest.raises(BlobError):
        lost.check()
    lost.close()
