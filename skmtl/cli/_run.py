"""``skmtl demo`` and ``skmtl warmup``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ._arguments import seed


def add_to(commands) -> None:
    demo = commands.add_parser("demo", help="learn real images and show where learning together pays")
    demo.add_argument("--out", type=Path, default=Path("skmtl-demo"), help="folder for the pictures")
    demo.add_argument("--seed", type=seed, default=0, help="seed of the scenes and the splits (default 0)")
    demo.add_argument("--quiet", action="store_true", help="no progress bar")
    demo.set_defaults(run=_demo)

    warmup = commands.add_parser("warmup", help="compile the kernels into their cache (for container builds)")
    warmup.set_defaults(run=_warmup)


def _demo(options: argparse.Namespace) -> None:
    from ..demo import run_demo

    run_demo(options.out, seed=options.seed, progress=not options.quiet)


def _warmup(options: argparse.Namespace) -> None:
    from ..feature_extraction import warmup

    warmup()
