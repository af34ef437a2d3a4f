"""Networks as functions: layers, losses, optimisers and schedules on numpy arrays."""

from ._activations import dropout, gelu, relu
from ._batch_norm import batch_norm
from ._combine import chain, residual
from ._conv import conv
from ._conv_pool import conv_pool
from ._dense import dense, ordered_biases
from ._join import joined, part
from ._joint import JointNetwork, JointPass, Labels, Task
from ._layer import Layer, Made, Params, Run, remembered
from ._levels import Levels, branches, on_levels, parallel, pick, pyramid
from ._losses import Loss, huber, point_distance, poisson, quantile, squared
from ._losses_box import box
from ._losses_classes import binary_cross_entropy, cross_entropy, dense_cross_entropy, ordinal, softmax
from ._losses_maps import brightest, heat_map
from ._mixing import gate, gated, stitch, stitching
from ._norm_pool import norm_pool
from ._optimisers import Optimiser, adam, adamw, add_penalty, sgd
from ._pool import flatten, global_mean, max_pool, mean_pool, resize
from ._room import Room
from ._schedules import Schedule, constant, cosine, triangle
from ._vector import Vector

__all__ = [
    "JointNetwork",
    "JointPass",
    "Labels",
    "Layer",
    "Levels",
    "Loss",
    "Made",
    "Optimiser",
    "Params",
    "Room",
    "Run",
    "Schedule",
    "Task",
    "Vector",
    "adam",
    "adamw",
    "add_penalty",
    "batch_norm",
    "binary_cross_entropy",
    "box",
    "branches",
    "brightest",
    "chain",
    "constant",
    "conv",
    "conv_pool",
    "cosine",
    "cross_entropy",
    "dense",
    "dense_cross_entropy",
    "dropout",
    "flatten",
    "gate",
    "gated",
    "gelu",
    "global_mean",
    "heat_map",
    "huber",
    "joined",
    "max_pool",
    "mean_pool",
    "norm_pool",
    "on_levels",
    "ordered_biases",
    "ordinal",
    "parallel",
    "part",
    "pick",
    "point_distance",
    "poisson",
    "quantile",
    "relu",
    "remembered",
    "pyramid",
    "residual",
    "resize",
    "sgd",
    "softmax",
    "squared",
    "stitch",
    "stitching",
    "triangle",
]
