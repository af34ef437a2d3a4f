"""Writes coco_golden.npz: pycocotools' precision and recall for the scenes of tests/_coco.py.

Run with pycocotools installed: ``PYTHONPATH=tests python tests/data/make_coco_golden.py``.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from _coco import CASES, reference, scenes

SEED = 20240

arrays = {"seed": np.array(SEED), "pycocotools": np.array(version("pycocotools"))}
for case in CASES:
    arrays[f"{case} precision"], arrays[f"{case} recall"] = reference(*scenes(case, SEED), case)
np.savez_compressed(Path(__file__).with_name("coco_golden.npz"), **arrays)
