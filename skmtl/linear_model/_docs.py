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
    Free intercepts per task; they are not penalised.
task_feature : int or str, optional
    The column of X that holds each row's task, for tasks that own their rows; y is then 1-D. Ids
    are whole numbers, texts or categories.
unknown_task : {"error", "shared"}, default "error"
    What predict does with a task it has not seen: refuse, or use the shared part of the model.
missing_label : scalar, default NaN
    Marks a label that is not observed, besides NaN and None.
loss_average : {"sample", "task"}, default "sample"
    Whether every label counts the same, ``omega = T / N``, or every task, ``omega = 1 / n_t``.
"""

STOP = """
tol : float, default 1e-9
    Where to stop. For quadratic couplings the largest entry of the gradient, relative to that at
    zero; for the others, and for learned relations, the duality gap, relative to the loss of the best
    intercepts alone.
max_iter : int, optional
    By default 200 Newton steps, or 10,000 proximal-gradient steps or sweeps over features.
"""

FINDINGS = """
shared_coef_ : (n_columns, n_features) or None
    The part w_0 that all tasks share, where the coupling has one and all tasks have equal classes.
task_covariance_ : (n_tasks, n_tasks) or None
    The covariance C of the coupling: given, or learned; 0 between tasks of different classes.
    None where it is not quadratic.
n_tasks_, task_names_in_, n_features_in_, n_iter_
objective_ : float
    The minimised value.
optimality_ : float
    The residual that ``tol`` bounds, at the solution.
dual_gap_ : float or None
    How far ``objective_`` can at most be from the minimum, for proximal couplings and learned relations.
coef_parts_ : list or None
    The parts that sum to ``coef_``, each in its form, where the coupling splits the weights.
support_, rank_, outlier_tasks_, ...
    What the coupling finds in the weights: see its own page.
"""

documented = filled_doc(
    alpha=ALPHA,
    basis=BASIS,
    coupling=COUPLING,
    data=DATA,
    findings=FINDINGS,
    fitted=FITTED,
    latent=LATENT,
    relation=RELATION,
    relations=RELATIONS,
    seen=SEEN,
    stationary=STATIONARY,
    stop=STOP,
    summaries=SUMMARIES,
)
