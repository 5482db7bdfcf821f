"""The description of the interface that the client's types are made from."""

from pathlib import Path

from marey.server.openapi import describe_interface

FILE = Path(__file__).resolve().parents[2] / "web" / "openapi.json"


def test_the_described_interface_is_the_present_one():
    assert FILE.read_text("utf-8") == describe_interface(), (
        "the interface was changed: python -m marey.server.openapi web/openapi.json && "
        "npm --prefix web run api"
    )
