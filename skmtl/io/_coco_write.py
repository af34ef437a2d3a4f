"""Writing COCO JSON data sets and results files."""

from __future__ import annotations

import numpy as np

from ._context import Writing, numbered
from ._decimals import extent, tidy
from ._files import dump_json
from ._geometry import corners_of, ellipse_outline
from ._polygon import polygon_mask
from ._records import ClassRecord, ImageRecord, ObjectRecord, Tag


def write(writing: Writing) -> None:
    """One file with images, annotations and categories."""
    source, coco = writing.source, _Coco(writing)
    content = dict(writing.extra(source))
    content["images"] = [coco.image(image, number) for image, number in coco.numbered_images()]
    annotations = list(coco.annotations())
    numbers = numbered(one["id"] for one in annotations)
    content["annotations"] = [one | {"id": number} for one, number in zip(annotations, numbers, strict=True)]
    content["categories"] = [coco.category(record) for record in coco.classes.values()]
    writing.save(writing.path, dump_json(content))


def write_results(writing: Writing) -> None:
    """A list of detections. Raises ValueError where an object has no score."""
    coco, results = _Coco(writing), []
    for one in coco.annotations():
        if one.get("score") is None:
            raise ValueError(
                f"coco_results needs a score for every object; one of image {one['image_id']} has none"
            )
        results.append({key: value for key, value in one.items() if key in _RESULT and value not in ([], {})})
    for image in writing.source:
        writing.drop_set(image, "label_map", "subset")
    writing.save(writing.path, dump_json(results))


_RESULT = ("image_id", "category_id", "bbox", "segmentation", "keypoints", "score", "attributes")


class _Coco:
    """The records of one set as JSON objects, with the numbers that join them."""

    def __init__(self, writing: Writing):
        self.writing, self.source = writing, writing.source
        self.classes = _numbered_classes(self.source)
        self.image_ids = numbered(image.id for image in self.source)

    def numbered_images(self) -> list[tuple[ImageRecord, int]]:
        return list(zip(self.source, self.image_ids, strict=True))

    def image(self, image: ImageRecord, number: int) -> dict:
        self.writing.drop_set(image, "label_map", "subset")
        item = {"id": number, "file_name": image.file_name}
        if image.height is not None:
            item |= {"height": image.height, "width": image.width}
        return item | self.writing.extra(image)

    def category(self, record: ClassRecord) -> dict:
        item = {"id": record.id, "name": record.name}
        if record.supercategory is not None:
            item["supercategory"] = record.supercategory
        if record.point_names or record.skeleton:
            item["keypoints"] = list(record.point_names)
            item["skeleton"] = [[end + 1 for end in bone] for bone in record.skeleton]
        return item | self.writing.extra(record)

    def annotations(self):
        """Every object and tag of every image."""
        for image, number in self.numbered_images():
            for record in image.objects:
                if record.label is None:
                    self.writing.drop("object without a label")
                    continue
                yield self._head(record, record.label, number) | self._object(record, image)
            for tag in image.tags:
                if not tag.present:
                    self.writing.drop("tag that does not hold")
                    continue
                yield self._head(tag, tag.name, number) | self.writing.extra(tag)

    def _head(self, record: ObjectRecord | Tag, label: str, number: int) -> dict:
        item = {"id": record.id, "image_id": number, "category_id": self.classes[label].id}
        if record.score is not None:
            item["score"] = record.score
        if record.attributes:
            item["attributes"] = dict(record.attributes)
        return item

    def _object(self, record: ObjectRecord, image: ImageRecord) -> dict:
        self.writing.drop_set(record, "line", "group")
        polygons = self._polygons(record)
        item: dict = {"segmentation": [one.ravel().tolist() for one in polygons]}
        if record.mask is not None:
            item["segmentation"] = _segmentation(record)
        x0, y0, x1, y1 = self._bounds(record) or (0, 0, 0, 0)
        if x1 > x0 and y1 > y0:
            item["bbox"] = [tidy(v) for v in (x0, y0, extent(x0, x1), extent(y0, y1))]
        item["iscrowd"] = int(record.crowd)
        extra = dict(self.writing.extra(record))
        if "area" not in extra:
            item["area"] = _area(record, polygons, image)
        scores = extra.pop("point_scores", None)
        if record.points is not None:
            item |= _points(record.points, scores)
        return item | extra

    def _bounds(self, record: ObjectRecord) -> tuple | None:
        """The box to write: a data set needs one for every object, a result only where it is the answer."""
        results = self.writing.format == "coco_results"
        return record.box if results and not record.rotation else record.bounds

    def _polygons(self, record: ObjectRecord) -> list[np.ndarray]:
        """Outlines; a turned box or an ellipse becomes one."""
        if record.mask is not None:
            self.writing.drop("polygons beside a mask", bool(record.polygons))
            return []
        if record.polygons or record.box is None or not (record.rotation or record.ellipse):
            return list(record.polygons)
        self.writing.note(f"{'ellipse' if record.ellipse else 'turned box'} written as a polygon")
        shape = ellipse_outline if record.ellipse else corners_of
        return [shape(record.box, record.rotation)]


def _numbered_classes(source) -> dict[str, ClassRecord]:
    """Every class and tag with a number that is its own."""
    names = dict.fromkeys((*source.class_names, *source.tag_names))
    records = [source.class_of(name) or ClassRecord(name) for name in names]
    known = [record.id for record in records if record.id is not None]
    free = max(known, default=0) + 1
    ids = [record.id if record.id is not None else free + i for i, record in enumerate(records)]
    given = zip(records, numbered(ids), strict=True)
    return {one.name: _with_id(one, number) for one, number in given}


def _with_id(record: ClassRecord, number: int) -> ClassRecord:
    return ClassRecord(
        record.name, number, record.supercategory, record.point_names, record.skeleton, record.extra
    )


def _segmentation(record: ObjectRecord) -> dict:
    """Crowds as plain lists of lengths, as COCO's own files have them, the others compressed."""
    mask = record.mask
    counts = mask.counts.tolist() if record.crowd else mask.to_string()
    return {"size": list(mask.size), "counts": counts}


def _area(record: ObjectRecord, polygons: list[np.ndarray], image: ImageRecord) -> float:
    """Pixels of the mask or of the filled outline; of the box where there is nothing finer."""
    if record.mask is not None:
        return record.mask.area
    if polygons and image.height is not None:
        return polygon_mask(polygons, (image.height, image.width)).area
    if record.bounds is None:
        return 0
    x0, y0, x1, y1 = record.bounds
    return tidy((x1 - x0) * (y1 - y0))


def _points(points: np.ndarray, scores: list | None) -> dict:
    flat = points.copy()
    if scores is not None:
        flat[:, 2] = scores
    return {
        "keypoints": [tidy(v) for v in flat.ravel().tolist()],
        "num_keypoints": int((points[:, 2] > 0).sum()),
    }
