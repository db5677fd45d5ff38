"""Terraform declares the manifest's topics and writes none of them again. Needs no terraform."""

from __future__ import annotations

import re

import pytest

from infra.packaging.manifest import MANIFEST, ROOT, load

FOLDER = ROOT / "terraform"
SOURCES = sorted(each for each in FOLDER.glob("**/*.tf") if ".terraform" not in each.parts)
# What a person gives; a module's inputs come from here.
ASKED = "\n".join(source.read_text() for source in FOLDER.glob("variables*.tf"))
TEXT = "\n".join(source.read_text() for source in SOURCES)
BLOCK = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
ARGUMENT = re.compile(r"^  (\w+)\s*= (.+)$", re.MULTILINE)


def resources(kind: str) -> dict[str, dict[str, str]]:
    """The arguments of every resource of a kind, by its name, as they are written."""
    return {
        name: dict(ARGUMENT.findall(body))
        for found, name, body in BLOCK.findall(TEXT)
        if found == kind
    }


def local_value(name: str) -> str:
    found = re.search(rf"^  {name} += (.+)$", (FOLDER / "manifest.tf").read_text(), re.MULTILINE)
    assert found, f"no local {name}"
    return found[1]


def test_the_list_it_reads_is_the_manifest() -> None:
    read = re.fullmatch(r'yamldecode\(file\("\$\{path\.module\}/(.+)"\)\)', local_value("manifest"))

    assert read
    assert (FOLDER / read[1]).resolve() == MANIFEST
    assert local_value("topics") == "local.manifest.topics"


@pytest.mark.parametrize(
    ("resource", "name"), [("event", "each.key"), ("rejected", '"${each.key}-rejected"')]
)
def test_every_topic_has_its_own_and_one_for_what_nobody_could_handle(
    resource: str, name: str
) -> None:
    declared = resources("google_pubsub_topic")[resource]

    assert (declared["for_each"], declared["name"]) == ("local.topics", name)


def test_topics_come_from_these_two_resources_only() -> None:
    assert set(resources("google_pubsub_topic")) == {"event", "rejected"}


def test_no_topic_and_no_function_is_written_a_second_time() -> None:
    manifest = load()
    quoted = set(re.findall(r'"([^"$]+)"', TEXT))

    known = {topic.name for topic in manifest.topics} | {each.name for each in manifest.functions}
    assert not quoted & known


def test_a_topics_name_and_that_of_its_rejected_one_fit_what_pubsub_takes() -> None:
    names = [topic.name for topic in load().topics]

    taken = [*names, *(f"{name}-rejected" for name in names)]
    assert len(set(taken)) == len(taken)
    assert [
        name for name in taken if not re.fullmatch(r"(?!goog)[a-z][a-z0-9-]{2,254}", name)
    ] == []


def test_every_variable_says_what_it_is_and_refuses_nonsense_in_words() -> None:
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', ASKED, re.MULTILINE | re.DOTALL)

    assert len(blocks) > 10
    for name, body in blocks:
        assert re.search(r'^  description = ".{20,}"$', body, re.MULTILINE), name
        if "type        = bool" in body:
            continue  # there is no third value
        assert re.search(r"^    condition ", body, re.MULTILINE), name
        message = re.search(r'^    error_message = "(.+)"$', body, re.MULTILINE)
        assert message, name
        assert message[1].startswith(f"{name} "), name


def test_the_provider_is_held_to_one_major_version() -> None:
    assert 'version = ">= 6.50, < 7"' in TEXT
