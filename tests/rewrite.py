"""Write again what is generated and committed: schemas, README's table, pages of docs/, and the hash of the code that trains.

Run ``python -m tests.rewrite`` in the repository's root after a change of a part's fields, of a measure, of the code that trains,
or of a committed report. It refuses where golden trajectories moved and the version did not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grokbench import parts
from grokbench.figures.fields import DEFINITIONS
from grokbench.reports import verdicts
from grokbench.specs import documents
from grokbench.specs.locate import PACKAGE, schema_path
from tests import pages

README = PACKAGE.parent / "README.md"


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
        "figures": documents.figures(known, DEFINITIONS),
        "track": documents.track(),
        "submission": documents.submission(known),
    }


def text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def readme() -> str:
    """README.md with its table of findings as the committed verdicts have it."""
    return verdicts.with_findings(README.read_text(encoding="utf-8"), verdicts.read(), "reports")


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
    for path, page in pages.pages().items():
        path.write_text(page, encoding="utf-8")
    for name, schema in schemas().items():
        schema_path(name).write_text(text(schema), encoding="utf-8")
    from tests.training.test_training_version import rewrite

    rewrite()
