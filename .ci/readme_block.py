"""Print the commands of one marked block: ``python3 .ci/readme_block.py README.md demo``.

A block is marked by the line ``<!-- ci: demo -->`` right before its fence, so that what the page
tells people to type is what the checks run.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def marked_block(text: str, name: str) -> str:
    """The content of the fenced block after ``<!-- ci: name -->``; it must stand there exactly once."""
    found = re.findall(rf"<!-- ci: {re.escape(name)} -->\n```\w*\n(.*?)\n```", text, flags=re.DOTALL)
    if len(found) != 1:
        raise SystemExit(f"expected one block marked 'ci: {name}', found {len(found)}")
    return found[0]


if __name__ == "__main__":
    print(marked_block(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]))
