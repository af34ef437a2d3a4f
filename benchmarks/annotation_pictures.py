"""Pictures of what annotators find on images not seen before: ``python benchmarks/annotation_pictures.py``.

``--data FOLDER`` (or the variable SKMTL_DATA) holds ``bccd.npz`` (blood cells, MIT) and ``dsb2018.npz``
(nuclei, CC0); the pictures are written to ``docs/images``. What a person drew is white, or to the left or
above.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage.segmentation import find_boundaries

from skmtl import ImageAnnotator, MultiPoseEstimator, ObjectDetector, PoseEstimator
from skmtl.annotation import InstancesHead, LinesHead, MapHead, PixelsHead, RegionsHead
from skmtl.heads import CountHead, LabelHead

OUT = Path(__file__).resolve().parent.parent / "docs" / "images"
COLOURS = [(230, 90, 60), (60, 140, 230), (250, 200, 50), (90, 200, 120), (200, 90, 220), (90, 210, 220)]
ZOOM = 2


def main() -> None:
    """Fit, predict, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SKMTL_DATA"), required=not os.environ.get("SKMTL_DATA")
    )
    data = parser.parse_args().data
    blood(np.load(data / "bccd.npz"))
    nuclei(np.load(data / "dsb2018.npz"))


def blood(data) -> None:
    """Objects, and the outermost points of white cells."""
    images, names = data["images"], data["class_names"]
    boxes = [data["boxes"][data["box_image"] == i] for i in range(len(images))]
    labels = [names[data["box_label"][data["box_image"] == i]] for i in range(len(images))]
    records = [{"boxes": b, "labels": n} for b, n in zip(boxes, labels, strict=True)]
    train, test = np.flatnonzero(data["split"] == "train")[:80], np.flatnonzero(data["split"] == "test")[:6]
    model = ObjectDetector(score_threshold=0.3, random_state=0).fit(
        images[train], [records[i] for i in train]
    )
    tiles = []
    for i, found in zip(test, model.predict(images[test]), strict=True):
        colours = [COLOURS[list(names).index(label)] for label in found["labels"]]
        tiles.append(drawn(images[i], boxes=found["boxes"], colours=colours, true_boxes=boxes[i]))
    save(tiles, "objects")
    several(images, boxes, labels, data["split"])
    one = [i for i in range(len(images)) if (labels[i] == "WBC").sum() == 1]
    points = {i: extremes(boxes[i][labels[i] == "WBC"][0]) for i in one}
    train, test = [[i for i in one if data["split"][i] == part] for part in ("train", "test")]
    train, test = train[:80], test[:6]
    pose = PoseEstimator(random_state=0).fit(images[train], [points[i] for i in train])
    told = pose.predict(images[test])
    save(
        [drawn(images[i], points=p, true_points=points[i]) for i, p in zip(test, told, strict=True)], "points"
    )


def several(images, boxes, labels, split) -> None:
    """The outermost points of every red cell."""
    red = [own[names == "RBC"] for own, names in zip(boxes, labels, strict=True)]
    bodies = [np.array([extremes(box) for box in own]).reshape(-1, 4, 2) for own in red]
    train, test = np.flatnonzero(split == "train")[:80], np.flatnonzero(split == "test")[:6]
    model = MultiPoseEstimator(score_threshold=0.3, max_bodies=50, random_state=0)
    told = model.fit(images[train], [bodies[i] for i in train]).predict(images[test])
    pairs = zip(test, told, strict=True)
    save([drawn(images[i], bodies=one["points"], true_boxes=red[i]) for i, one in pairs], "bodies")


def extremes(box: np.ndarray) -> np.ndarray:
    """Left, top, right and bottom of what lies in a box."""
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return np.array([[x0, y], [x, y0], [x1, y], [x, y1]])


def nuclei(data) -> None:
    """All kinds of pixels and regions, learned together; and images without noise."""
    images, instances = data["images"], data["instances"].astype(np.int32)
    order = np.random.default_rng(3).permutation(len(images))
    train, test = order[:80], order[80:86]
    heads = {
        "instances": InstancesHead(),
        "mask": PixelsHead(),
        "lines": LinesHead(),
        "regions": RegionsHead(),
    }
    heads |= {"number": CountHead(), "type": LabelHead()}
    y = [
        {
            "instances": one,
            "mask": (one > 0).astype(np.uint8),
            "lines": find_boundaries(one, mode="inner").astype(np.uint8),
            "regions": (one > 0).astype(np.uint8),
            "number": float(n),
            "type": str(data["class_names"][kind]),
        }
        for one, n, kind in zip(instances, data["counts"], data["image_class"], strict=True)
    ]
    model = ImageAnnotator(list(heads.items()), random_state=0).fit(images[train], [y[i] for i in train])
    found = model.predict(images[test])
    pairs = list(zip(test, found, strict=True))
    save(
        [drawn(images[i], masks=one["instances"]["masks"], outline=y[i]["mask"]) for i, one in pairs],
        "instances",
    )
    save([drawn(images[i], outline=one["lines"], colour=COLOURS[2]) for i, one in pairs], "lines")
    save([drawn(images[i], regions=one["regions"]) for i, one in pairs], "regions")
    together = [
        drawn(images[i], masks=one["instances"]["masks"], boxes=one["instances"]["boxes"],
              text=f"{one['type']}, {one['number']:.0f} ({y[i]['type']}, {y[i]['number']:.0f})")
        for i, one in pairs
    ]  # fmt: skip
    save(together, "together")
    noise = np.random.default_rng(0).normal(0, 25, images.shape)
    noisy = np.clip(images + noise, 0, 255).astype(np.uint8)
    clean = ImageAnnotator([("clean", MapHead())], random_state=0)
    clean.fit(noisy[train], [{"clean": images[i].astype(float)} for i in train])
    told = [np.clip(one["clean"], 0, 255).astype(np.uint8) for one in clean.predict(noisy[test])]
    both = [Image.fromarray(np.concatenate([noisy[i], one])) for i, one in zip(test, told, strict=True)]
    save([one.resize((one.width * ZOOM, one.height * ZOOM)) for one in both], "maps")


def drawn(
    image, masks=(), outline=None, colour=(255, 255, 255), regions=None, text="", **marks
) -> Image.Image:
    """An image, enlarged, with what was found on it."""
    canvas = np.array(Image.fromarray(image).resize((image.shape[1] * ZOOM, image.shape[0] * ZOOM)))
    large = lambda mask: np.kron(np.asarray(mask).astype(np.uint8), np.ones((ZOOM, ZOOM), np.uint8))  # noqa: E731
    for k, mask in enumerate(masks):
        inside = large(mask) > 0
        canvas[inside] = 0.5 * canvas[inside] + 0.5 * np.array(COLOURS[k % len(COLOURS)])
    if regions is not None:
        inside = large(regions["labels"][regions["regions"]]) > 0
        canvas[inside] = 0.6 * canvas[inside] + 0.4 * np.array(COLOURS[1])
        canvas[find_boundaries(np.kron(regions["regions"], np.ones((ZOOM, ZOOM), int)), mode="inner")] = 120
    if outline is not None:
        line = outline if colour != (255, 255, 255) else find_boundaries(outline > 0, mode="outer")
        canvas[large(line) > 0] = colour
    picture = Image.fromarray(canvas)
    _mark(ImageDraw.Draw(picture), text, **marks)
    return picture


def _mark(draw, text, *, boxes=(), colours=None, true_boxes=(), points=(), true_points=(), bodies=()) -> None:
    for box in true_boxes:
        draw.rectangle([*(np.asarray(box) * ZOOM)], outline=(255, 255, 255))
    for k, box in enumerate(boxes):
        draw.rectangle(
            [*(np.asarray(box) * ZOOM)], outline=colours[k] if colours else COLOURS[k % 6], width=2
        )
    for x, y in np.asarray(true_points)[:, :2] * ZOOM if len(true_points) else ():
        draw.ellipse([x - 7, y - 7, x + 7, y + 7], outline=(255, 255, 255))
    for x, y in np.asarray(points)[:, :2] * ZOOM if len(points) else ():
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=COLOURS[2], outline=(0, 0, 0))
    for k, body in enumerate(bodies):
        ring = [tuple(place) for place in np.asarray(body)[[*range(len(body)), 0], :2] * ZOOM]
        draw.line(ring, fill=COLOURS[k % 6], width=2)
    if text:
        draw.rectangle([0, 0, 8 + 6 * len(text), 14], fill=(0, 0, 0))
        draw.text((4, 1), text, fill=(255, 255, 255))


def save(tiles: list[Image.Image], name: str, family: str = "annotation") -> None:
    """Tiles in rows of three."""
    width, height = tiles[0].size
    sheet = Image.new("RGB", (3 * width + 8, -(-len(tiles) // 3) * (height + 4)), (255, 255, 255))
    for i, tile in enumerate(tiles):
        sheet.paste(tile, ((i % 3) * (width + 4), (i // 3) * (height + 4)))
    own = [value for colour in [*COLOURS, (255, 255, 255), (0, 0, 0)] for value in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette(sheet.quantize(248).getpalette()[: 3 * 248] + own)
    sheet.quantize(palette=palette, dither=Image.Dither.NONE).save(
        OUT / f"{family}-{name}.png", optimize=True
    )


if __name__ == "__main__":
    main()
