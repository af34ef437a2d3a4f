"""What the docstrings of all linear models say in the same words."""

from ..utils._docs import filled_doc

COUPLING = """
alpha : float > 0, default 0.01
    Strength of the coupling; keeps its meaning when the number of rows changes.
coupling : Coupling, default ``SharedParameters()``
    How tasks are tied; see ``skmtl.couplings``.
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
    Where to stop. For quadratic couplings the norm of the gradient, relative to that at zero, the
    largest over tasks, or over groups of tied tasks; for the others the duality gap, relative to the
    loss of the best intercepts alone.
max_iter : int, optional
    By default 200 Newton steps, or 10,000 proximal-gradient steps or sweeps over features.
n_jobs : int, optional
    Threads of Newton's method on a dense X: over blocks of rows that tasks share, or over tasks that
    own their rows and are not tied. None means 1 and -1 all; the model does not depend on it.
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
    How far ``objective_`` can at most be from the minimum, for couplings that are not quadratic.
coef_parts_ : list or None
    The parts that sum to ``coef_``, each in its form, where the coupling splits the weights.
support_, rank_, outlier_tasks_, ...
    What the coupling finds in the weights: see its own page.
"""

documented = filled_doc(coupling=COUPLING, data=DATA, stop=STOP, findings=FINDINGS)
