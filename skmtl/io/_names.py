"""File names of what is written for each image: inside the folder, and no two the same."""

from __future__ import annotations

from pathlib import PurePosixPath

from ._context import Writing
from ._files import inner_path
from ._problems import Bad


def output_names(writing: Writing, folders: tuple[str, ...] = ()) -> list[PurePosixPath]:
    """For each image its file name as a path below the target folder.

    Images whose subset is one of ``folders`` lie in a folder of that name.

    Raises
    ------
    ValueError
        Where a name leads out of the folder, or two images differ only in their suffix, so that
        their annotation files would be one.
    """
    names: dict[PurePosixPath, PurePosixPath] = {}
    for number, image in enumerate(writing.source):
        name = image.file_name.lstrip("/")
        if name != image.file_name:
            writing.note("absolute file name written below the folder")
        try:
            path = PurePosixPath(image.subset if image.subset in folders else "") / inner_path(name)
        except Bad as bad:
            raise ValueError(f"image {number}: {bad.problem}") from None
        stem = path.with_suffix("")
        if stem in names:
            raise ValueError(f"image {number}: {path} and {names[stem]} would have the same annotation file")
        names[stem] = path
    return list(names.values())
