"""The formulations of the papers, in their own scaling, minimised by a general-purpose program.

Least squares are half sums, logistic losses averages over each task's rows (Zhou, Chen & Ye 2012, "MALSAR:
multi-task learning via structural regularization", section 3). The norms are smoothed, less and less, so that
scipy's BFGS can find the minimum; ours must not be worse, and the program must not be far from ours.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    ClusteredTasks,
    Dirty,
    JointSparsity,
    LowRank,
    OutlierTasks,
    RobustLowRank,
    SparseLowRank,
    TaskGraph,
)

SIZES, D = (12, 9, 15), 3
T = len(SIZES)
RHO = {"least": 1.5, "logistic": 0.02}
GRAPH = np.array([[0.0, 1.0, -0.5], [1.0, 0.0, 0.0], [-0.5, 0.0, 0.0]])
#: How much worse than the other program's minimum ours may be: 1e-6 of it.
PARITY = 1e-6
#: How far the other program may be from ours for the comparison to mean anything.
FOUND = 1e-4


def length(x, axis, eps):
    """Euclidean length, smoothed at 0."""
    return np.sqrt((x * x).sum(axis=axis) + eps**2)


def magnitude(x, eps):
    return np.sqrt(x * x + eps**2)


def trace_norm(W, eps):
    return np.sqrt(np.maximum(np.linalg.eigvalsh(W.T @ W), 0) + eps**2).sum()


def graph(W):
    edges = [(s, t) for s in range(T) for t in range(s) if GRAPH[s, t]]
    pull = sum(abs(GRAPH[s, t]) * ((W[:, s] - np.sign(GRAPH[s, t]) * W[:, t]) ** 2).sum() for s, t in edges)
    return 0.5 * (W * W).sum() + 0.5 * pull


def clustered(W, k=2, eta=0.1):
    """``eta (1 + eta) / 2 min tr(W (eta I + M)^-1 W')``: the best M shares W'W's eigenvectors."""
    squares = np.maximum(np.linalg.eigvalsh(W.T @ W), 0)
    low, high = 1e-12, 1e6
    for _ in range(70):  # the multiplier by bisection
        mid = np.sqrt(low * high)
        m = np.clip(np.sqrt(squares) / mid - eta, 0, 1)
        low, high = (mid, high) if m.sum() > k else (low, mid)
    return 0.5 * eta * (1 + eta) * (squares / (eta + m)).sum()


# name: (coupling, the paper's penalty of the parts for a smoothing eps)
PUBLISHED = {
    "L21": (JointSparsity(), lambda eps, W: length(W, 1, eps).sum()),
    "trace": (LowRank(), lambda eps, W: trace_norm(W, eps)),
    "MTFL": (LowRank(squared=True), lambda eps, W: 0.5 * trace_norm(W, eps) ** 2),
    "SRMTL": (TaskGraph(GRAPH), lambda eps, W: graph(W)),
    "CMTL": (ClusteredTasks(2, 0.1), lambda eps, W: clustered(W)),
    "dirty": (
        Dirty(0.75),
        lambda eps, P, Q: length(P, 1, eps).sum() + 0.75 * magnitude(Q, eps).sum(),
    ),
    "rMTFL": (
        OutlierTasks(1.2),
        lambda eps, P, Q: length(P, 1, eps).sum() + 1.2 * length(Q, 0, eps).sum(),
    ),
    "RMTL": (
        RobustLowRank(0.75),
        lambda eps, P, Q: trace_norm(P, eps) + 0.75 * length(Q, 0, eps).sum(),
    ),
    "sparse and low rank": (
        SparseLowRank(0.5),
        lambda eps, P, Q: trace_norm(P, eps) + 0.5 * magnitude(Q, eps).sum(),
    ),
}


def least(X, Y, W, b):
    return sum(0.5 * ((x @ w - y) ** 2).sum() for x, y, w in zip(X, Y, W.T, strict=True))


def logistic(X, Y, W, b):
    return sum(
        np.logaddexp(0, -(2 * y - 1) * (x @ w + c)).mean() for x, y, w, c in zip(X, Y, W.T, b, strict=True)
    )


@pytest.fixture
def tasks(rng):
    """Rows and scores of three tasks of different size."""
    W = rng.normal(size=(D, 1)) + 0.5 * rng.normal(size=(D, T))
    X = [rng.normal(size=(n, D)) for n in SIZES]
    return X, [x @ w + rng.normal(size=len(x)) for x, w in zip(X, W.T, strict=True)]


@pytest.mark.parametrize("loss", ["least", "logistic"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_objective_is_minimised(name, loss, tasks):
    coupling, penalty = PUBLISHED[name]
    X, scores = tasks
    rows = np.column_stack([np.vstack(X), np.repeat(np.arange(T), SIZES)])
    if loss == "least":
        Y, rho = scores, RHO[loss]
        alpha = rho * T / sum(SIZES)  # the loss is N / T times ours
        model = MultiTaskLinearRegressor(
            alpha, coupling=coupling, task_feature=-1, fit_intercept=False, tol=1e-10
        ).fit(rows, np.concatenate(Y))
    else:
        Y, rho = [(y > 0).astype(float) for y in scores], RHO[loss]
        model = MultiTaskLogisticRegression(
            rho, coupling=coupling, task_feature=-1, loss_average="task", tol=1e-10
        ).fit(rows, np.concatenate(Y).astype(int))
    data = least if loss == "least" else logistic
    parts = model.coef_parts_ or [model.coef_]
    parts = [part.reshape(T, D).T for part in parts]
    ours = data(X, Y, sum(parts), np.ravel(model.intercept_)) + rho * penalty(0.0, *parts)
    best = _minimum(lambda W, b: data(X, Y, W, b), penalty, rho, len(parts))
    assert ours <= best * (1 + PARITY)
    assert best <= ours * (1 + FOUND)


def _minimum(data, penalty, rho, n_parts: int) -> float:
    """The value at the end of BFGS with numerical slopes, over ever smaller smoothings."""

    def split(x):
        return list(x[:-T].reshape(n_parts, D, T)), x[-T:]

    def value(x, eps):
        parts, b = split(x)
        return data(sum(parts), b) + rho * penalty(eps, *parts)

    x = np.zeros(n_parts * D * T + T)
    for eps in (1e-1, 1e-2, 1e-4):
        x = minimize(value, x, args=(eps,), method="BFGS", options={"gtol": 1e-7, "maxiter": 150}).x
    return value(x, 0.0)
