"""scikit-image's pixel features at three scales, 36 maps: other features for the same use."""

from __future__ import annotations

from skimage.feature import multiscale_basic_features

PACKAGE = "scikit-image"


def prepare(data, threads):
    state = data.image, threads
    run(state)
    return state


def run(state):
    image, threads = state
    return multiscale_basic_features(image, sigma_min=1, sigma_max=4, workers=threads, channel_axis=-1)


def result(state, output):
    return output
