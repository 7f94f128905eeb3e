"""Write again what is generated and committed: the JSON Schemas, and the hash of the code that trains.

Run ``python -m tests.rewrite`` in the repository's root after a change of a part's fields or of the code that trains. It refuses
where golden trajectories moved and the version did not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grokbench import parts
from grokbench.specs import documents
from grokbench.specs.locate import schema_path


def schemas() -> Mapping[str, dict[str, Any]]:
    """What each generated schema is now, by its name."""
    known = {
        kind: {name: parts.find(kind, name).fields for name in named}
        for kind, named in parts.BUILT_IN.items()
        if "fields" in parts.NEEDS[kind]
    }
    bare = {kind: tuple(parts.BUILT_IN[kind]) for kind in ("probes", "analyses")}
    return {
        "recipe": documents.recipe(known),
        "task": documents.task(known),
        "paper": documents.paper(known, bare),
    }


def text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        schema_path(name).write_text(text(schema), encoding="utf-8")
    from tests.training.test_training_version import rewrite

    rewrite()
