"""What every public estimator owes beside scikit-learn's checks; each takes an unfitted estimator."""

from __future__ import annotations

import io
import pickle
import tempfile
from pathlib import Path

import joblib
import numpy as np
from _asserts import ROUNDING, ROUNDING_32, SAME_BITS, Tolerance, assert_close
from sklearn.base import clone

METHODS = ("predict", "predict_proba", "decision_function", "transform")


def outputs(estimator, X) -> dict[str, np.ndarray]:
    """Whatever a fitted estimator says about ``X``: method, task or field -> array."""
    said = {}
    for method in METHODS:
        if hasattr(estimator, method):
            said |= _flat(method, getattr(estimator, method)(X))
    assert said, f"{estimator!r} has none of {METHODS}"
    return said


def _flat(name: str, value) -> dict[str, np.ndarray]:
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return {f"{name}.{key}": np.stack([_digest(one[key]) for one in value]) for key in value[0]}
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        return {k: v for key, one in value.items() for k, v in _flat(f"{name}[{key}]", one).items()}
    value = np.asarray(value)
    if value.dtype.names:
        return {f"{name}.{field}": value[field] for field in value.dtype.names}
    return {name: value}


def _digest(record) -> np.ndarray:
    """Of an array of any size three numbers, so that what is said of several images has one shape."""
    numbers = np.unique(record, return_inverse=True)[1] if np.asarray(record).dtype.kind in "US" else record
    flat = np.asarray(numbers, dtype=float).ravel()
    return np.array([flat.size, flat.sum(), flat @ np.arange(flat.size)])


def same_outputs(first: dict, second: dict, tolerance: Tolerance = SAME_BITS) -> None:
    assert first.keys() == second.keys()
    for name in first:
        assert_close(first[name], second[name], tolerance, name)


def fitted(estimator, X, y):
    return clone(estimator).fit(X, y)


def check_fit_keeps_parameters(estimator, X, y):
    """No parameter, and nothing inside one, is another after ``fit``."""
    before = joblib.hash(estimator.get_params(deep=True))
    same = {name: id(value) for name, value in estimator.get_params(deep=False).items()}
    estimator.fit(X, y)
    after = estimator.get_params(deep=False)
    changed = [name for name in same if id(after[name]) != same[name]]
    assert not changed, f"fit replaced the parameters {changed}"
    assert joblib.hash(estimator.get_params(deep=True)) == before, "fit wrote into a parameter"


def check_pickle_gives_the_same(estimator, X, y):
    """A model that went through pickle or joblib says the same, bit for bit."""
    model = fitted(estimator, X, y)
    said = outputs(model, X)
    same_outputs(outputs(pickle.loads(pickle.dumps(model)), X), said)
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    same_outputs(outputs(joblib.load(file), X), said)


def check_input_may_be_read_only(estimator, X, y):
    """Read-only and memory-mapped input gives the same model, and input is never written to."""
    said = outputs(fitted(estimator, X, y), X)
    frozen = [array.copy() for array in (X, y)]
    for array in frozen:
        array.flags.writeable = False
    same_outputs(outputs(fitted(estimator, *frozen), frozen[0]), said)
    with tempfile.TemporaryDirectory() as folder:
        mapped = joblib.load(joblib.dump([X, y], Path(folder, "data"))[0], mmap_mode="r")
        same_outputs(outputs(fitted(estimator, *mapped), mapped[0]), said)
        del mapped


def check_clone_learns_the_same(estimator, X, y):
    """A clone of a fitted model is not fitted, and learns the same."""
    model = fitted(estimator, X, y)
    copy = clone(model)
    learned = [name for name in vars(copy) if name.endswith("_") and not name.startswith("_")]
    assert not learned, f"the clone already has {learned}"
    same_outputs(outputs(copy.fit(X, y), X), outputs(model, X))


def check_repr_is_readable(estimator, X, y):
    """The representation names the class, shows no memory addresses, and fit does not change it."""
    shown = repr(estimator)
    assert shown.startswith(type(estimator).__name__), shown
    assert " at 0x" not in shown, f"a parameter has no readable representation: {shown}"
    assert repr(fitted(estimator, X, y)) == shown


def check_a_row_alone_is_as_in_a_batch(estimator, X, y):
    """What is said about a row does not depend on the rows beside it, beyond rounding."""
    model = fitted(estimator, X, y)
    for name, all_rows in outputs(model, X).items():
        tolerance = ROUNDING_32 if all_rows.dtype == np.float32 else ROUNDING
        assert_close(outputs(model, X[:1])[name], all_rows[:1], tolerance, name)


def check_threads_do_not_matter(estimator, X, y):
    """One and three threads give the same bits, where the estimator has ``n_jobs``."""
    if "n_jobs" in estimator.get_params():
        one, three = (fitted(clone(estimator).set_params(n_jobs=n), X, y) for n in (1, 3))
        same_outputs(outputs(one, X), outputs(three, X))


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
