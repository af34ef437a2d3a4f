"""The command line: ``python -m skmtl`` and ``skmtl``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ._version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 1 with one line on standard error.

    Arguments that cannot be read end the program with the code 2, also with one line.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("skmtl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output has enough; what is left of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, ValueError, ImportError, MemoryError) as error:
        print(f"skmtl: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


class _Parser(argparse.ArgumentParser):
    """Says in one line what cannot be read."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _seed(text: str) -> int:
    if not (text.isdecimal() and int(text) < 2**32):
        raise argparse.ArgumentTypeError(f"a whole number from 0 to 2**32 - 1 is needed, got {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="skmtl", description="Multi-task learning on a CPU.")
    parser.add_argument("--version", action="version", version=f"skmtl {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="learn real images and show where learning together pays")
    demo.add_argument("--out", type=Path, default=Path("skmtl-demo"), help="folder for the pictures")
    demo.add_argument("--seed", type=_seed, default=0, help="seed of the scenes and the splits (default 0)")
    demo.add_argument("--quiet", action="store_true", help="no progress bar")
    demo.set_defaults(run=_demo)

    warmup = commands.add_parser("warmup", help="compile the kernels into their cache (for container builds)")
    warmup.set_defaults(run=_warmup)

    info = commands.add_parser("info", help="print the versions to paste into a bug report")
    info.set_defaults(run=_info)
    return parser


def _demo(options: argparse.Namespace) -> None:
    from .demo import run_demo

    run_demo(options.out, seed=options.seed, progress=not options.quiet)


def _warmup(options: argparse.Namespace) -> None:
    from .feature_extraction import warmup

    warmup()


def _info(options: argparse.Namespace) -> None:
    from .utils import show_versions

    show_versions()
