"""What the docstrings of both multi-layer perceptrons say in the same words."""

from ..utils._docs import filled_doc

LAYERS = """
hidden_layer_sizes : int or sequence of int, default (128,)
    Sizes of the trunk's layers. None at all, ``()``, means heads on X itself.
trunk : Trunk, optional
    The shared layers in place of ``hidden_layer_sizes``, with an activation, dropout and batch
    normalisation of their own: a ``DenseTrunk``, ``InputsTrunk``, ``CrossStitchTrunk`` or
    ``MixtureTrunk``.
head_layer_sizes : int or sequence of int, default ()
    Sizes of each head's own layers, before its output.
"""

TRAINING = """
activation : {"relu", "gelu"}, default "gelu"
    GELU is smooth, as L-BFGS wants it; ReLU is faster for mini-batches.
dropout : float in [0, 1), default 0
    Share of numbers after each activation that are set to 0 while learning.
batch_norm : bool, default False
    Normalise each layer before its activation.
balancer : Balancer, default ``Fixed()``
    What gives the weights lambda; see ``skmtl.balancers``.
solver : {"auto", "adam", "adamw", "sgd", "lbfgs"}, default "auto"
    "auto" is L-BFGS up to 1,000 rows (where dropout, early stopping and the balancer allow it),
    else Adam. L-BFGS works in float64, the others in float32.
alpha : float >= 0, default 1e-4
    Strength of the L2 penalty on weights, not on biases; "adamw" shrinks the weights by
    ``alpha * learning_rate`` in each step instead.
learning_rate : float > 0, default 1e-3
schedule : {"constant", "cosine", "triangle"}, default "constant"
    What becomes of the learning rate over ``max_iter`` epochs: nothing; down to 0 along half a cosine;
    up from 0 over a fifth of the steps and down to 0 again.
momentum : float in [0, 1), default 0.9
    For "sgd".
batch_size : int, default 128
    Rows in a step, at most; the batches of an epoch are of nearly equal size.
max_iter : int, default 200
    Epochs, or iterations of L-BFGS.
tol : float >= 0, default 1e-4
    Training stops when the mean loss over tasks has not fallen by more than ``tol`` for
    ``n_iter_no_change`` epochs (that on rows held out, or with the "constant" schedule that on the rows
    learned: other schedules go to their end); L-BFGS, when no entry of the gradient is larger, or an
    iteration lowers the objective (or its share, where it is above 1) by less than a hundredth of ``tol``.
n_iter_no_change : int, default 10
early_stopping : bool, default False
    Judge by the loss on rows held out, and keep the parameters that were best on them.
validation_fraction : float in (0, 1), default 0.1
    Share of the rows held out for ``early_stopping``.
warm_start : bool, default False
    Begin ``fit`` with the parameters of the fit before.
record_conflict : bool, default False
    Measure the angles between the tasks' gradients once an epoch.
missing_label : scalar, default NaN
    Marks a label that is not observed, besides NaN and None.
random_state : int, RandomState or None
    Of first parameters, batches, dropout and held-out rows. The same number gives the same bits.
verbose : bool, default False
    Show a progress bar.
"""

HISTORY = """
params_ : dict of arrays
    Weights ``name.W`` (inputs, outputs) and biases ``name.b`` of the layers ``trunk.dense0``,
    ``trunk.dense1``, ..., ``head0.out``, ...
loss_curve_ : (n_iter_, n_tasks)
    Mean training loss of each task in each epoch, without the penalty.
validation_curve_ : (n_iter_, n_tasks)
    The same on the rows held out, with ``early_stopping``.
task_weights_ : (n_iter_, n_tasks)
    Mean weight lambda of each task in each epoch.
gradient_cosines_ : (n_iter_, n_tasks, n_tasks)
    Cosines of the angles between the tasks' gradients in the shared parameters, on the first batch
    of each epoch, with ``record_conflict``; below 0, two tasks pull in opposite directions.
sharing_ : (n_layers, n_tasks, n_tasks), (n_tasks, n_experts) or None
    Of a ``CrossStitchTrunk``: [l, t, s] is the weight with which the column of task s feeds that of task t
    after layer l. Of a ``MixtureTrunk``: each task's mean shares of the experts, over the rows learned.
solver_ : str
    The solver that was used.
n_tasks_, task_names_in_, n_features_in_, n_iter_
"""

documented = filled_doc(layers=LAYERS, training=TRAINING, history=HISTORY)
