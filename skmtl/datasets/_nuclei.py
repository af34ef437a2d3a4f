"""Sixty microscope photographs of cell nuclei, shipped with the package."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch

DESCR = """\
Nuclei
======
{n} microscope photographs of cell nuclei, {side} x {side} pixels with three channels, fifteen of each
kind: {kinds}.

kind       how the photograph was taken, an index into kind_names (derived from its colours)
count      number of nuclei in the photograph
mask       1 on nuclei, 0 on ground
instances  0 on ground, else the number of the nucleus, from 1 to count

The two kinds without stain, fluorescence and brightfield, are grey: their channels are equal.

"""


def load_nuclei() -> Bunch:
    """Sixty photographs of cell nuclei with the kind of photograph, the count and the masks.

    They are a part of the 2018 Data Science Bowl [1]_ with corrected annotations, in the public
    domain (CC0), and ship with skmtl; ``DESCR`` holds the source and the licence.

    Returns
    -------
    nuclei : `sklearn.utils.Bunch`
        images : uint8 array (60, 128, 128, 3)
            Red, green, blue.
        kind : int64 array (60,)
            Index into ``kind_names``, fifteen photographs of each kind.
        kind_names : list of str
            "fluorescence", "brightfield", "stained_white" (purple on white ground) and
            "stained_violet" (purple on violet ground).
        count : int64 array (60,)
            Number of nuclei in the photograph, those cut by its edge included.
        mask : uint8 array (60, 128, 128)
            1 on nuclei, 0 on ground.
        instances : uint8 array (60, 128, 128)
            0 on ground, else the number of the nucleus, 1 to ``count``.
        source_id : array of str (60,)
            First characters of the photograph's identifier in the source.
        DESCR : str
            What this is, where it comes from, its licence.

    References
    ----------
    .. [1] J. C. Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data
       Science Bowl", Nature Methods 16, 2019.

    Examples
    --------
    >>> from skmtl.datasets import load_nuclei
    >>> nuclei = load_nuclei()
    >>> nuclei.images.shape
    (60, 128, 128, 3)
    """
    folder = files(__package__) / "data"
    with (folder / "nuclei.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    names = arrays.pop("kind_names").tolist()
    # Stored one channel after the other, where the equal channels of grey photographs compress well.
    images = np.ascontiguousarray(np.moveaxis(arrays["channels"], 1, 3))
    instances = arrays["instances"]
    text = DESCR.format(n=len(images), side=images.shape[1], kinds=", ".join(names))
    return Bunch(
        images=images,
        kind=arrays["kind"].astype(np.int64),
        kind_names=names,
        count=instances.max(axis=(1, 2)).astype(np.int64),
        mask=(instances > 0).astype(np.uint8),
        instances=instances,
        source_id=arrays["source_id"],
        DESCR=text + (folder / "nuclei-LICENSE.txt").read_text(encoding="utf-8"),
    )
