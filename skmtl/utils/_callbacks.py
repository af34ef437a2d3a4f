"""scikit-learn's callbacks (``sklearn.callback``, new in 1.9 and still experimental) behind one small door.

Where scikit-learn has none, or has moved what is used here, estimators have no ``set_callbacks`` and
everything else works as it does.
"""

from __future__ import annotations

from collections.abc import Callable

from ._progress import Progress

_USED = {
    "CallbackSupportMixin": ("set_callbacks", "_init_callback_context"),
    "CallbackContext": ("subcontext", "call_on_fit_task_begin", "call_on_fit_task_end"),
}


class _NoCallbacks:
    """In the place of ``CallbackSupportMixin``: gives an estimator nothing."""


def _as_it_is(method: Callable) -> Callable:
    return method


def _protocol(module) -> tuple[type, Callable]:
    """The mixin and the decorator of ``module``, or what does nothing in their place."""
    complete = hasattr(module, "with_callbacks") and all(
        hasattr(getattr(module, owner, None), name) for owner, names in _USED.items() for name in names
    )
    return (module.CallbackSupportMixin, module.with_callbacks) if complete else (_NoCallbacks, _as_it_is)


try:
    import sklearn.callback as _callback
except ImportError:  # scikit-learn before 1.9
    _callback = None

CallbackSupport, with_callbacks = _protocol(_callback)


class FitSteps:
    """``with FitSteps(self, total, X=X, y=y) as steps``: the steps of a fit, told to callbacks and a bar.

    The estimator derives from ``CallbackSupport`` and its ``fit`` is decorated by ``with_callbacks``. One
    step is ``steps.begin("layer 1")``, the work, ``stop = steps.end()``. ``fitted`` is a function that gives
    the attributes with which the estimator could predict as it is now; it is called for callbacks that ask.
    """

    def __init__(self, estimator, total: int, *, X=None, y=None, verbose=0):
        self.estimator, self.data, self.total = estimator, {"X": X, "y": y}, total
        self.bar = Progress(total, "fit", enabled=bool(verbose))
        self.context = self.step = None

    def __enter__(self) -> FitSteps:
        start = getattr(self.estimator, "_init_callback_context", None)
        if start is not None:
            self.context = start(max_subtasks=self.total)
            self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        self.bar.__enter__()
        return self

    def begin(self, name: str) -> None:
        """The next step begins."""
        if self.context is not None:
            self.step = self.context.subcontext(task_name=name)
            self.step.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def end(self, fitted: Callable[[], dict] | None = None) -> bool:
        """The step has ended; whether a callback asks to stop here."""
        self.bar.step()
        return self._told(self.step, fitted)

    def done(self) -> None:
        """The fit has come to its end, and the estimator has all its attributes."""
        self._told(self.context, dict)

    def _told(self, context, fitted) -> bool:
        if context is None:
            return False
        told = {"estimator": self.estimator, "reconstruction_attributes": fitted, **self.data}
        return bool(context.call_on_fit_task_end(**told))

    def __exit__(self, *error) -> None:
        self.bar.__exit__(*error)
