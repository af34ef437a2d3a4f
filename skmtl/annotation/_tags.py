"""Tags of whole images as files hold them: one is a class, several are yes or no each."""

from __future__ import annotations

import numpy as np

from ..io import ImageRecord


def tags_of(image: ImageRecord) -> dict[str, bool] | None:
    """Name -> whether it holds; None for an image without a tag, which nobody judged."""
    return {tag.name: tag.present for tag in image.tags} or None


def learn_tags(images: list[dict[str, bool]], is_class: bool | None = None) -> dict:
    """What the tags of all images say: ``tag_names``, whether they are a class, and whether a tag that an
    image lacks does not hold."""
    lone = all(sum(tags.values()) == 1 for tags in images)
    return {
        "tag_names": sorted({name for tags in images for name in tags}),
        "is_class": lone if is_class is None else is_class,
        "lacking_is_no": all(all(tags.values()) for tags in images),
    }


def tag_value(tags: dict[str, bool], learned: dict, where: str):
    """The class of an image ("" where no tag holds), or 0, 1 or NaN for each of ``tag_names``."""
    if learned["is_class"]:
        return next((name for name, holds in tags.items() if holds), "")
    new = [name for name in tags if name not in learned["tag_names"]]
    if new:
        raise ValueError(f"{where}: tag {new[0]!r} was not seen at fit; known: {learned['tag_names']}")
    lacking = 0.0 if learned["lacking_is_no"] else np.nan
    return np.array([float(tags.get(name, lacking)) for name in learned["tag_names"]])
