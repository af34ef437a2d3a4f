"""Descent over rows where tasks differ: slopes at the solution, for every penalty and form of the loss."""

import naive
import numpy as np
import pytest
from _asserts import Tolerance, assert_close

from skmtl.solvers import PartPrices, SharedGram, TaskGrams, TaskResiduals, _task_rows, task_row_descent
from skmtl.solvers._anderson import Anderson

SLOPES = Tolerance("slopes at a duality gap of 1e-12", rtol=2e-5, atol=2e-5)
VALUE = Tolerance("one function, summed in two ways", rtol=1e-9)
N, D, T = 60, 12, 3
TASKS = np.arange(T)
# what the prices are shares of (the least that leave nothing), and the other settings
PENALTIES = {
    "rows": ({"rows": 0.2}, {}),
    "rows and ridge": ({"rows": 0.2}, {"ridge": 0.5}),
    "entries": ({"entries": 0.2}, {}),
    "entries and ridge": ({"entries": 0.2}, {"ridge": 0.5}),
    "rows and entries": ({"rows": 0.2, "entries": 0.25}, {}),
    "peaks": ({"rows": 0.2}, {"peak": True}),
    "peaks and entries": ({"rows": 0.2, "entries": 0.3}, {"peak": True}),
    "rows and tasks": ({"rows": 0.2, "tasks": 0.25}, {}),
}
FORMS = ["grams", "shared", "residuals", "wide residuals"]


@pytest.fixture(autouse=True)
def small_sets(monkeypatch):
    monkeypatch.setattr(_task_rows, "BESIDES", 3)


class Case:
    """Rows of three tasks, correlated features, and the states and prices that go with them."""

    def __init__(self, rng, form):
        n, d = (N, D) if "wide" not in form else (30, 25)
        self.bounds = np.linspace(0, n, T + 1).astype(int)
        X = rng.normal(size=(n, d))
        X[:, 1:] += X[:, :-1]
        W = rng.normal(size=(d, T)) * (np.arange(d) < 4)[:, None]
        self.X, self.form = np.asfortranarray(X), form
        self.y = np.concatenate([X[rows] @ W[:, t] for t, rows in enumerate(self.rows)]) + rng.normal(size=n)
        self.d = d

    @property
    def rows(self):
        return [slice(a, b) for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True)]

    @property
    def blocks(self):
        if self.form == "shared":  # every task has all rows, and targets of its own
            return [(self.X, np.roll(self.y, 7 * t)) for t in range(T)]
        return [(self.X[rows], self.y[rows]) for rows in self.rows]

    def state(self):
        start = np.zeros((2, self.d, T))
        if "residuals" in self.form:
            return TaskResiduals(self.X, self.y, self.bounds, start)
        moments = np.stack([X.T @ y for X, y in self.blocks], axis=1)
        square = sum(float(y @ y) for _, y in self.blocks)
        if self.form == "shared":
            return SharedGram((self.X.T @ self.X)[:, :, None], moments, square, start)
        return TaskGrams(np.stack([X.T @ X for X, _ in self.blocks], axis=2), moments, square, start)

    def slopes(self, W):
        return np.stack([X.T @ (y - X @ W[:, t]) for t, (X, y) in enumerate(self.blocks)], axis=1)

    def value(self, W):
        return sum(0.5 * float(((y - X @ W[:, t]) ** 2).sum()) for t, (X, y) in enumerate(self.blocks))

    def prices(self, name):
        shares, settings = PENALTIES[name]
        slope = self.slopes(np.zeros((self.d, T)))
        least = {
            "rows": (naive.row_max_dual if "peak" in settings else naive.row_norm_dual)(slope),
            "entries": naive.entry_norm_dual(slope),
            "tasks": naive.task_norm_dual(slope, TASKS),
        }
        return PartPrices(**{kind: share * least[kind] for kind, share in shares.items()}, **settings)


def penalties(prices):
    """Each finite price with its naive norm, its naive dual norm and the part it is paid for."""
    rows = (naive.row_max, naive.row_max_dual) if prices.peak else (naive.row_norm, naive.row_norm_dual)
    tasks = (lambda Q: naive.task_norm(Q, TASKS)), (lambda G: naive.task_norm_dual(G, TASKS))
    known = [
        (prices.rows, *rows, 0),
        (prices.entries, naive.entry_norm, naive.entry_norm_dual, 1),
        (prices.tasks, *tasks, 1),
    ]
    return [one for one in known if np.isfinite(one[0])]


def combinations():
    return [(f, n) for f in FORMS for n in PENALTIES if not ("tasks" in n and "residuals" in f)]


@pytest.mark.parametrize("form, name", combinations())
def test_the_slopes_fit(form, name, rng):
    case = Case(rng, form)
    prices = case.prices(name)
    result = task_row_descent(case.state(), prices, tol=1e-13, max_iter=20_000)
    assert result.converged and result.residual <= 1e-13
    W = result.parts.sum(axis=0)
    G, value = case.slopes(W) - prices.ridge * W, case.value(W) + 0.5 * prices.ridge * (W**2).sum()
    for price, norm, dual, part in penalties(prices):
        P = result.parts[part]
        assert dual(G) <= price * (1 + 2e-5)
        assert_close(np.vdot(G, P) / price, norm(P), SLOPES)
        value += price * norm(P)
    assert W.any()
    assert_close(result.value, value, VALUE)


@pytest.mark.parametrize("form, name", combinations())
def test_the_gap_bounds_the_distance_to_the_minimum(form, name, rng):
    case = Case(rng, form)
    prices = case.prices(name)
    best = task_row_descent(case.state(), prices, tol=1e-13, max_iter=20_000).value
    for sweeps in (1, 4, 9):
        short = task_row_descent(case.state(), prices, tol=1e-13, max_iter=sweeps)
        assert short.n_iter <= sweeps
        assert -1e-9 * best <= short.value - best <= short.gap + 1e-9 * best


@pytest.mark.parametrize("form", FORMS)
def test_large_prices_leave_nothing_and_take_no_sweep(form, rng):
    case = Case(rng, form)
    prices = PartPrices(rows=10 * case.prices("rows").rows)
    result = task_row_descent(case.state(), prices, tol=1e-12, max_iter=10)
    assert result.converged and result.n_iter == 0 and not result.parts.any()


@pytest.mark.parametrize("form", FORMS)
def test_a_start_at_the_minimum_takes_no_sweep(form, rng):
    case, state = Case(rng, form), None
    prices = case.prices("rows")
    state = case.state()
    task_row_descent(state, prices, tol=1e-10, max_iter=20_000)
    again = task_row_descent(state, prices, tol=1e-9, max_iter=20_000)
    assert again.converged and again.n_iter == 0


def test_targets_of_zero(rng):
    case = Case(rng, "grams")
    case.y[:] = 0.0
    result = task_row_descent(case.state(), PartPrices(rows=1.0), tol=1e-9, max_iter=10)
    assert result.converged and not result.parts.any()


class Line:
    """x -> A x + b, a linear iteration."""

    def __init__(self, A, b):
        self.A, self.b, self.x = A, b, np.zeros(len(b))

    def where(self):
        return self.x.copy(), 3.0 * self.x

    def move(self, x, image):
        self.x, self.image = x, image

    def step(self):
        self.x = self.A @ self.x + self.b


@pytest.mark.parametrize("lower", [True, False])
def test_extrapolation_finds_where_a_linear_iteration_leads(lower, rng):
    line, memory = Line(np.diag([0.9, 0.5, 0.1]), rng.normal(size=3)), Anderson(4)
    while not memory.full:
        line.step()
        memory.note(line)
    end, last = np.linalg.solve(np.eye(3) - line.A, line.b), line.x
    values = iter([1.0, 0.5 if lower else 2.0])
    memory.advance(line, lambda: next(values))
    assert_close(line.x, end if lower else last, Tolerance("a regularised system", rtol=1e-4))
    assert_close(line.image, 3.0 * line.x, Tolerance("linear in the point", rtol=1e-12))
    assert not memory.full
