"""The part of ``ConvFeatureExtractor`` that describes pixels: checks, then ``_dense.py``."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from ._images import feature_type, more_images, sizes
from ._shapes import check_positions, numbers


class DenseFeatures:
    """``transform_dense`` and ``iter_dense`` of an estimator with ``_layers()``, ``scales``, ``n_jobs``."""

    def transform_dense(self, X, at=None, *, cell=1):
        """Feature maps at every pixel, at cells of pixels, or at chosen pixels.

        Around its edges an image is continued by reflection, so that every pixel has a patch; `padding`,
        `stride` and the pooling do not apply. Besides the result, a few MB are kept for each thread.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or list of arrays (h, w[, c])
            Images as in `transform`.
        at : (image_index, row, column), default=None
            Three integer arrays of shape (m,): the pixels to describe. None means all.
        cell : int, default=1
            Side, in pixels, of the squares over which the maps are averaged, for coarser maps: a detector's,
            say. Those at the right and lower edge hold the pixels that are left.

        Returns
        -------
        ndarray of shape (n, ceil(h / cell), ceil(w / cell), channels) or, with ``at``, (m, channels)
            channels = scales x signs x filters, in this order. Of a list of images of different sizes, a
            list of arrays (rows, columns, channels).

        Raises
        ------
        ValueError
            As `transform`; if ``at`` names a pixel that does not exist, or is given with a ``cell`` above 1;
            with ``hidden_layers`` or ``per_channel``, whose maps are not those of pixels; with
            ``arithmetic="bytes"``.

        See Also
        --------
        iter_dense : The same maps tile by tile, for images whose maps do not fit into memory.
        """
        images, maps = self._dense(X, cell)
        if at is not None:
            if cell != 1:
                raise ValueError(f"at chooses pixels, for which cell must be 1; got cell={cell}")
            return maps.at(images, check_positions(at, sizes(images)))
        if isinstance(images, list):
            out = [np.empty(maps.shape(image), maps.dtype) for image in images]
        else:
            out = np.empty((len(images), *maps.shape(images[0])), maps.dtype)
        maps.fill(images, out)
        return out

    def iter_dense(self, X, *, tile=512, cell=1):
        """The maps of `transform_dense`, tile by tile: large images never have all their maps in memory.

        Only the pixels of a tile and around it are read at a time, so X may be a memory-mapped array. A tile
        has the same bits as that part of the maps of the whole image.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or list of arrays (h, w[, c])
            Images as in `transform`.
        tile : int, default=512
            Largest number of rows and of columns of a tile, in cells.
        cell : int, default=1
            As in `transform_dense`.

        Yields
        ------
        image, rows, columns, maps : int, slice, slice, ndarray of shape (rows, columns, channels)
            ``maps`` is ``transform_dense(X, cell=cell)[image][rows, columns]``, an array of its own.

        Raises
        ------
        ValueError
            As `transform_dense`, at the call and not at the first tile.
        """
        check_scalar(tile, "tile", Integral, min_val=1)
        images, maps = self._dense(X, cell)
        return maps.tiles(images, tile)

    def _dense(self, X, cell):
        """The images of X, and what makes their dense maps."""
        check_scalar(cell, "cell", Integral, min_val=1)
        images, scales = more_images(self, X), numbers(self.scales, "scales")
        from ._dense import DenseMaps

        return images, DenseMaps(self._dense_convolution(feature_type(images)), scales, cell, self.n_jobs)

    def _dense_convolution(self, dtype):
        from ._convolution import Convolution

        if self.arithmetic == "bytes":
            raise ValueError(
                "transform_dense takes means of pixels, which are no bytes: it needs arithmetic='float'"
            )
        if self.hidden_layers_ or self.per_channel:
            raise ValueError(
                "transform_dense gives the maps of one layer at every pixel; fit with hidden_layers=() and "
                "per_channel=False, or take transform"
            )
        (layer,) = self._layers()
        every_pixel = layer.geometry._replace(
            window=layer.geometry.window._replace(stride=(1, 1)), padding="valid"
        )
        return Convolution(layer._replace(geometry=every_pixel), dtype)
