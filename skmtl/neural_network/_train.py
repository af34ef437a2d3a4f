"""Training in epochs of mini-batches, or by L-BFGS on all rows at once."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ..nn import JointNetwork, Run
from ..utils._progress import Progress
from ._settings import Settings
from ._state import TrainingState
from ._step import Stepper, cosines


def train(network: JointNetwork, data, held_out, settings: Settings, state: TrainingState) -> int:
    """Train until the loss settles or ``max_iter`` epochs are over; the epochs or iterations done.

    ``data`` and ``held_out`` are ``Rows``; ``data`` may be whatever else has ``batches`` where the solver is
    not L-BFGS. The state is written into. With ``held_out`` rows the loss on them decides, and the parameters
    that were best on them are restored.
    """
    with _quiet():
        with Progress(settings.max_iter, "fit", enabled=settings.verbose) as bar:
            if settings.solver == "lbfgs":
                return _lbfgs(network, data, settings, state, bar)
            return _epochs(network, data, held_out, settings, state, bar)


@contextmanager
def _quiet():
    """No warnings of overflow, which check_finite says in words, and one BLAS thread.

    The products of a step are small: two threads wait for each other whenever another process has a core,
    and with one thread the bits do not depend on how many the machine has.
    """
    with np.errstate(over="ignore", invalid="ignore"), threadpool_limits(1, user_api="blas"):
        yield


def train_on(network: JointNetwork, data, settings: Settings, state: TrainingState) -> None:
    """One epoch at the plain learning rate."""
    with _quiet():
        one_epoch(
            Stepper(network, settings, state), data, settings, state, lambda done: settings.learning_rate
        )


def _epochs(network, data, held_out, settings: Settings, state: TrainingState, bar) -> int:
    stepper, rates, history = Stepper(network, settings, state), settings.rates(), state.history
    patience = settings.n_iter_no_change if settings.settles or held_out is not None else np.inf
    bar.step("resumed" if history.losses else "", len(history.losses))
    while len(history.losses) < settings.max_iter and state.best.waited < patience:
        past = len(history.losses)
        losses = one_epoch(
            stepper, data, settings, state, lambda done, past=past: rates((past + done) / settings.max_iter)
        )
        if held_out is not None:
            losses = _judge(network, held_out, settings, state)
            history.validation.append(losses)
        _compare(state, float(losses.mean()), settings, keep=held_out is not None)
        settings.after_epoch(state)
        bar.step(f"epoch {past + 1}, loss {losses.mean():.4g}")
    if state.best.array is not None:
        state.vector.array[:], state.statistics = state.best.array, state.best.statistics
    return len(history.losses)


def _judge(network: JointNetwork, held_out, settings: Settings, state: TrainingState) -> np.ndarray:
    """Mean losses (T,) on rows held out, as the network predicts."""
    losses = np.zeros(len(network.tasks))
    for rows in np.array_split(np.arange(len(held_out)), -(-len(held_out) // settings.batch_size)):
        run = Run(statistics=state.statistics, n_jobs=settings.n_jobs)
        losses += network.joint(state.vector.views, *held_out.take(rows), run).losses * len(rows)
    return losses / len(held_out)


def _compare(state: TrainingState, loss: float, settings: Settings, *, keep: bool) -> None:
    """Count epochs without an improvement of more than ``tol`` over the best; keep the best parameters."""
    best = state.best
    best.waited = 0 if loss < best.loss - settings.tol else best.waited + 1
    if loss < best.loss:
        best.loss = loss
        if keep:
            best.array, best.statistics = state.vector.array.copy(), state.statistics


def one_epoch(stepper: Stepper, data, settings: Settings, state: TrainingState, rate) -> np.ndarray:
    """Every row of ``data`` once; the mean losses (T,).

    ``rate(share of the epoch that is done)`` is the learning rate. Raises FloatingPointError where a
    loss or, after the last step, a parameter is no longer a finite number.
    """
    n, history = 0, state.history
    losses, weights = np.zeros((2, len(stepper.network.tasks)))
    for done, (X, labels) in data.batches(settings.batch_size, state.rng):
        if n == 0 and settings.record_conflict:
            history.cosines.append(cosines(stepper.gramian(state, X, labels)))
        more, used = stepper(state, X, labels, rate(done))
        check_finite(more, stepper.network, len(history.losses) + 1, settings)
        n += X.shape[0]
        losses += more * X.shape[0]
        weights += used * X.shape[0]
    losses, weights = losses / n, weights / n
    history.losses.append(losses)
    history.weights.append(weights)
    state.balancer = settings.balancer.after_epoch(losses, state.balancer)
    need_finite_params(state, settings)
    return losses


def check_finite(losses: np.ndarray, network: JointNetwork, epoch: int, settings: Settings) -> None:
    """Refuse to go on with a loss that is infinite or NaN."""
    if not np.isfinite(losses).all():
        names = [task.name for task, loss in zip(network.tasks, losses, strict=True) if not np.isfinite(loss)]
        raise FloatingPointError(
            f"the loss of task {names[0]!r} is no longer finite in epoch {epoch}: {settings.advice}"
        )


def need_finite_params(state: TrainingState, settings: Settings) -> None:
    """Refuse parameters that overflowed in the last step, behind which no loss was computed."""
    if not np.isfinite(state.vector.array).all():
        broken = next(name for name, value in state.vector.views.items() if not np.isfinite(value).all())
        epoch = len(state.history.losses)
        raise FloatingPointError(f"{broken!r} is no longer finite after epoch {epoch}: {settings.advice}")


def _lbfgs(network: JointNetwork, data, settings: Settings, state: TrainingState, bar) -> int:
    """Minimise the joint loss on all rows by L-BFGS (Byrd, Lu, Nocedal & Zhu 1995); the iterations done."""
    stepper, vector, history = Stepper(network, settings, state), state.vector, state.history
    weights = settings.balancer.weigh(None, None, state.balancer)[0]
    X, labels = data.take(np.arange(len(data)))
    last = {}

    def objective(theta):
        vector.array[:] = theta
        # the rows' own statistics; without dropout no random number is drawn
        run = Run(state.rng, n_jobs=settings.n_jobs)
        done = network.joint(vector.views, X, labels, run)
        check_finite(done.losses, network, len(history.losses) + 1, settings)
        last.update(losses=done.losses, statistics=run.gathered)
        gradient = vector.gather(done.gradient(weights))
        value = float(weights @ done.losses)
        if stepper.penalty is not None:
            gradient += stepper.penalty * theta
            value += 0.5 * float(theta @ (stepper.penalty * theta))
        return value, gradient

    def note(theta):
        history.losses.append(last["losses"])
        history.weights.append(weights)
        if settings.record_conflict:
            history.cosines.append(cosines(stepper.gramian(state, X, labels)))
        bar.step(f"iteration {len(history.losses)}, loss {last['losses'].mean():.4g}")

    found = minimize(
        objective,
        vector.array.copy(),
        jac=True,
        method="L-BFGS-B",
        callback=note,
        options={
            "maxiter": settings.max_iter,
            "maxfun": 15 * settings.max_iter,
            "gtol": settings.tol,
            "ftol": 0.01 * settings.tol,
        },
    )
    objective(found.x)
    state.statistics = last["statistics"]
    return int(found.nit)
