"""Data sets that need no download: digit scenes made on demand, nuclei photographs that ship."""

from ._nuclei import load_nuclei
from ._scenes import make_digit_scenes

__all__ = ["load_nuclei", "make_digit_scenes"]
