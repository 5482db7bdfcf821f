"""Whether everybody can use a page, as far as axe can tell."""

import json
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
"""What axe calls a violation that keeps people out."""


def expect_usable(page) -> None:
    """Fail with what axe finds serious."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: cd web && npm ci")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("() => axe.run().then(result => result.violations)")
    found = [
        {
            "rule": item["id"],
            "what": item["help"],
            "where": [node["html"][:160] for node in item["nodes"][:3]],
        }
        for item in violations
        if item["impact"] in SERIOUS
    ]
    assert not found, json.dumps(found, indent=1)
