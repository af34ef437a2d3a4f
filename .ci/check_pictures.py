"""Check that a program wrote the pictures it says it wrote: ``check_pictures.py FOLDER LOG``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def named_pictures(log: str) -> list[str]:
    """Every path in ``log`` that ends in .png, once."""
    return sorted(set(re.findall(r"[^\s'\"(),]+\.png", log)))


def complaints(folder: Path, log: str) -> list[str]:
    """What is wrong with the pictures that ``log`` names, seen from ``folder``."""
    names = named_pictures(log)
    wrong = [] if names else ["the output names no picture"]
    for name in names:
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} was not written")
        elif not path.read_bytes().startswith(SIGNATURE):
            wrong.append(f"{name} is no PNG")
    return wrong


if __name__ == "__main__":
    log = Path(sys.argv[2]).read_text(encoding="utf-8")
    found = complaints(Path(sys.argv[1]), log)
    print("\n".join(found) or f"{len(named_pictures(log))} pictures written")
    sys.exit(bool(found))
