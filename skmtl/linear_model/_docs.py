"""What the docstrings of all linear models say in the same words."""

from ..utils._docs import filled_doc

COUPLING = """
alpha : float > 0, default 0.01
    Strength of the coupling; keeps its meaning when the number of rows changes.
coupling : Coupling, default ``SharedParameters()``
    How tasks are tied; see ``skmtl.couplings``.
"""

ALPHA = """
alpha : float > 0, default 0.01
    Strength of the tie between tasks; keeps its meaning when the number of rows changes.
"""

RELATION = """
sharing : float in [0, 1), default 0.25
    The part of the prior variance that is common to all tasks; 0 is the model of the paper.
smoothing : float >= 0, default 1e-4
    Keeps the relation regular, in units of squared weights; 0 lets it be singular.
"""

RELATIONS = """
task_correlation_ : (n_tasks, n_tasks)
    ``task_covariance_`` with a diagonal of ones; ``skmtl.inspection.draw_relations`` draws it.
"""

LATENT = """
n_components : int or None, default None
    The number k of shared predictors; None: 5, or fewer where there are fewer tasks or features.
sparsity : float > 0, default 0.1
    The price mu of a task's weight; larger ones leave each task fewer predictors.
"""

BASIS = """
basis_ : (k, n_features)
    The shared predictors; those that no task uses are zero.
task_weights_ : (n_tasks, k)
    What each task makes of them, in the form of ``coef_``: ``coef_ = task_weights_ @ basis_``.
rank_ : int
    The rank of the weights.
"""

SUMMARIES = """
summary_rank : int or None, default None
    How many rows, at most, are kept of each task for ``partial_fit``; None: ``n_features + 2``, which
    lose nothing of the squared loss; 0: none, and no ``partial_fit``.
"""

SEEN = """
fit_intercept : bool, default True
    Free intercepts per task; they are not penalised.
task_feature : int or str, optional
    The column of X that holds each row's task, for tasks that own their rows; y is then 1-D. Ids
    are whole numbers, texts or categories.
missing_label : scalar, default NaN
    Marks a label that is not observed, besides NaN and None.
loss_average : {"sample", "task"}, default "sample"
    Whether every label counts the same, ``omega = T / N``, or every task, ``omega = 1 / n_t``.
"""

STATIONARY = """
tol : float, default 1e-6
    Where to stop: the largest slope left in basis, weights and intercepts, each relative to the terms
    that balance there.
max_iter : int, optional
    By default 5000 steps from each start.
"""

FITTED = """
n_tasks_, task_names_in_, n_features_in_, n_iter_
objective_ : float
    The minimised value.
optimality_ : float
    The residual that ``tol`` bounds, at the solution: the problem is not convex, so it is of a stationary
    point.
"""

DATA = """
fit_intercept : bool, default True
    Free intercepts per task; they are not penalised, unless ``intercept_penalty`` says so.
task_feature : int or str, optional
    The column of X that holds each row's task, for tasks that own their rows; y is then 1-D. Ids
    are whole numbers, texts or categories.
unknown_task : {"error", "shared"}, default "error"
    What predict does with a task it has not seen: refuse, or use the shared part of the model.
missing_label : scalar, default NaN
    Marks a label that is not observed, besides NaN and None.
loss_average : {"sample", "task"}, default "sample"
    Whether every label counts the same, ``omega = T / N``, or every task, ``omega = 1 / n_t``.
task_weight : dict or (n_tasks,) array-like, optional
    Multiplies each task's ``omega`` after averaging: task name -> positive weight (1 where a name is left
    out), or a weight for each task.
"""

CLASS_WEIGHT = """
class_weight : dict, list or "balanced", optional
    Multiplies the weights of labels before averaging. Label -> weight for every task that has the label, or
    task name -> such a dict or "balanced", or a list of them, one for each task; 1 for what is left
    out. "balanced" gives the classes of a task equal sums of weights.
"""

TOLERANCE = """
tol : float, default 1e-9 (1e-6 for ``MultiTaskLinearSVR``)
    Where to stop. For quadratic couplings the gradient, relative to that at zero: its norm, the largest over
    tasks, or over groups of tied tasks (its largest entry for the squared loss, and where ``feature_mask``,
    ``intercept_penalty`` or float32 ask for the general solver). For the others, for learned relations, and
    for losses that are linear far away (Huber, quantile, epsilon-insensitive), the duality gap, relative to
    the loss of the best intercepts alone; for couplings that are not convex see
    ``docs/user_guide/couplings.md``. Where X is float32 at least 1e-5: the model is float32 then, and its
    sums have no more digits.
max_iter : int, optional
    By default 200 Newton steps (1000 for losses that are linear far away), 1000 proximal Newton steps, or
    10,000 proximal-gradient steps or sweeps over features.
intercept_penalty : float >= 0, default 0
    Shrinks the intercepts towards their common mean, apart from the slopes: adds
    ``intercept_penalty / 2 * sum_t (c_t - mean of c)^2`` to the objective, where
    ``c_t = b_t + w_t' m`` is what task t predicts at the weighted mean m of all rows; class by class,
    among tasks of equal classes. ``alpha`` does not multiply it.
feature_mask : (n_tasks, n_features) array-like of bool, optional
    Which features each task has, in the order of ``task_names_in_`` and without the ``task_feature``.
    The other weights are 0 and cost nothing: R(W) is the smallest R(V) of all V that equal W where the
    mask is True. What X holds for a feature that a task lacks is not looked at, but must be finite.
"""

WARM_START = """
n_jobs : int, optional
    Threads of Newton's method on a dense X: over blocks of rows that tasks share, or over tasks that
    own their rows and are not tied. None means 1 and -1 all; the model does not depend on it.
warm_start : bool, default False
    Whether ``fit`` starts from the weights of the last fit: the minimum is the same, found sooner
    when the data or ``alpha`` have changed a little. A fit on other features, tasks or classes
    starts afresh.
"""

FINDINGS = """
shared_coef_ : (n_columns, n_features) or None
    The part w_0 that all tasks share, where the coupling has one and all tasks have equal classes.
task_covariance_ : (n_tasks, n_tasks) or None
    The covariance C of the coupling: given, or learned; 0 between tasks of different classes.
    None where it is not quadratic.
feature_covariance_ : (n_features, n_features) or None
    What a task's weights around the shared part are expected to be, up to scale: the geometry of
    ``fit_new_task``. None where tasks share nothing that a new one could.
n_tasks_, task_names_in_, n_features_in_, n_iter_
objective_ : float
    The minimised value.
optimality_ : float
    The residual that ``tol`` bounds, at the solution.
dual_gap_ : float or None
    How far ``objective_`` can at most be from the minimum (for the final relation, where it is
    learned), wherever ``tol`` bounds a duality gap; else None.
coef_parts_ : list or None
    The parts that sum to ``coef_``, each in its form, where the coupling splits the weights.
support_, rank_, task_labels_, task_precision_, outlier_tasks_, ...
    What the coupling finds in the weights: see its own page.
"""

SEARCH = """
alphas : int or (n_alphas,) array-like of floats > 0, default 30
    How many alphas, or which. A number of them is spaced evenly in the logarithm, for each coupling
    from the smallest alpha with W = 0 down to ``eps`` times it; for couplings without such an alpha
    (the quadratic ones) from ten times the largest curvature of the loss down to ``eps**2`` times it.
eps : float in (0, 1), default 1e-3
couplings : Coupling or list of couplings, optional
    All are searched jointly with alpha; of equally good ones the first is taken, and ``caution``
    protects the first, so put the simplest first. By default ``Independent()``,
    ``SharedParameters`` of 0.5, 0.9 and 1 (pooled slopes), ``JointSparsity()`` and ``LowRank()``; for a
    single task ``Independent()`` alone; those with a shared part for ``unknown_task="shared"``; the
    quadratic ones for "gcv" and "loo".
intercept_penalties : list of floats >= 0, optional
    Are searched as well; by default ``intercept_penalty`` alone. Tasks of few rows profit: free intercepts
    are then most of what is learned wrongly.
cv : int, splitter, iterable of (train, test), "gcv", "loo" or None, default 5
    A number of folds spreads every task, and every class of it, over all of them
    (``skmtl.TaskKFold``); None is 5. "gcv" and "loo", for the squared loss on a dense, complete,
    shared X with quadratic couplings that are not learned, are generalised cross-validation, which
    takes one eigendecomposition for all alphas, and exact leave-one-out, which moreover takes a pass
    over the data for each.
scoring : str or callable, optional
    What is maximised; by default minus the loss of the held-out labels, averaged over tasks.
caution : float >= 0, default 2
    A coupling is preferred to the first one only where its mean score is better by more than so many
    standard errors of the gain, paired over tasks and folds (over folds where ``scoring`` is given).
    The best of many scores flatters; with 0 unrelated tasks lose more to separate models.
one_standard_error : bool, default False
    Whether to take the largest alpha whose mean score is within one standard error, over folds, of the
    best of the chosen coupling.
n_jobs : int, optional
    Threads over folds; None means 1, -1 all. The result is the same for any number.
"""

FOUND = """
alpha_ : float
coupling_ : Coupling
intercept_penalty_ : float
    The chosen ones.
alphas_ : (n_couplings, n_alphas)
    The grid of each coupling, falling.
best_score_ : float
best_index_ : int
    Mean score of the chosen candidate, and its place in ``cv_results_``.
cv_results_ : dict of arrays
    For each candidate: "coupling", "alpha", "intercept_penalty", "split0_test_score", ..., "mean_test_score",
    "std_test_score", "rank_test_score"; "params" is a list of dicts.
task_losses_ : (n_candidates, n_folds, n_tasks)
    Mean loss of each task's held-out labels, whatever ``scoring`` is; NaN where a fold has none.
n_splits_ : int
"""

STREAMING = """
Rows are added to sums of products, blocks of them at a time, and forgotten: memory is one square of the
features (in the type of X) and, while the weights are solved for, another one in float64. Tasks whose labels
weigh the same in every row, as they do where none is missing, share a square; others have their own.
``partial_fit`` only adds; the weights are solved for when they are first asked for. Means and scales of the
features are taken from the sums.
"""

STREAMED = """
alphas : float or (n_alphas,) array-like of floats > 0, default (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    Strengths to choose from, for each task by generalised cross-validation; they keep their meaning when
    the number of rows changes. Each costs a Cholesky factorization. Where rows are copies of each other,
    as mirrored images are, weigh each 1 over their number, or too small an alpha looks best.
fit_intercept : bool, default True
    Free intercepts per task; they are not penalised.
standardize : bool, default True
    Whether features count in units of their standard deviation (of their root mean square without
    intercept). ``coef_`` is for the features as they are.
missing_label : scalar, default NaN
    Marks a label that is not observed, besides NaN and None.
n_jobs : int, optional
    Threads over blocks of products; None means 1 and -1 all. The model does not depend on it.
"""

STREAMED_FOUND = """
alpha_ : float, or (n_tasks,) for a matrix y
    The chosen ones.
gcv_errors_ : (n_alphas,), or (n_alphas, n_tasks) for a matrix y
    What each alpha was judged by; 0 for a single one, NaN where it is lost beside rounding.
n_tasks_, task_names_in_, n_features_in_
"""

documented = filled_doc(
    alpha=ALPHA,
    basis=BASIS,
    fitted=FITTED,
    latent=LATENT,
    relation=RELATION,
    relations=RELATIONS,
    seen=SEEN,
    stationary=STATIONARY,
    summaries=SUMMARIES,
    coupling=COUPLING,
    data=DATA,
    class_weight=CLASS_WEIGHT,
    tolerance=TOLERANCE,
    streaming=STREAMING,
    streamed=STREAMED,
    streamed_found=STREAMED_FOUND,
    stop=TOLERANCE + WARM_START.lstrip(),
    search=SEARCH,
    found=FOUND,
    findings=FINDINGS,
)
