"""The command line: ``python -m skmtl`` and ``skmtl``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .._version import __version__
from . import _annotate, _convert, _evaluate, _info, _run, _train
from ._arguments import Parser

#: What goes wrong with files, values and memory; anything else is a fault of the program and shows itself.
ERRORS = (OSError, ValueError, ArithmeticError, ImportError, MemoryError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 1 with one line on standard error.

    Arguments that cannot be read end the program with the code 2, also with one line; an interruption gives
    130.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt as stop:
        print(": ".join(["skmtl: interrupted", *map(str, stop.args)]), file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output has enough; what is left of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ERRORS as error:
        print(f"skmtl: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="skmtl", description="Multi-task learning on a CPU.")
    parser.add_argument("--version", action="version", version=f"skmtl {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (_train, _annotate, _evaluate, _convert, _info, _run):
        command.add_to(commands)
    return parser
