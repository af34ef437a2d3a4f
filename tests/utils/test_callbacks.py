"""The door to scikit-learn's callbacks: open, shut, and moved elsewhere."""

from types import SimpleNamespace

import pytest
from sklearn.base import BaseEstimator

from skmtl.utils import _callbacks
from skmtl.utils._callbacks import CallbackSupport, FitSteps, with_callbacks


class Model(CallbackSupport, BaseEstimator):
    """Ten steps, or fewer where a callback says stop; ``fitted`` gives callbacks a model that is ready."""

    def __init__(self, steps=10):
        self.steps = steps

    @with_callbacks
    def fit(self, X, y=None):
        self.done_ = 0
        with FitSteps(self, self.steps, X=X, y=y) as steps:
            for i in range(self.steps):
                steps.begin(f"step {i}")
                self.done_ += 1
                if steps.end(lambda: {"ready_": True}):
                    break
            steps.done()
        return self


def test_without_callbacks_nothing_is_told():
    assert Model(3).fit([1]).done_ == 3


@pytest.mark.parametrize(
    "module",
    [
        None,
        SimpleNamespace(),
        SimpleNamespace(CallbackSupportMixin=object, CallbackContext=object, with_callbacks=len),
    ],
    ids=["missing", "empty", "moved"],
)
def test_where_there_is_no_protocol_estimators_work_without(module):
    mixin, decorator = _callbacks._protocol(module)

    class Plain(mixin, BaseEstimator):
        fit = decorator(Model.fit.__wrapped__ if hasattr(Model.fit, "__wrapped__") else Model.fit)

        def __init__(self, steps=10):
            self.steps = steps

    assert not hasattr(Plain(), "set_callbacks")
    assert Plain(4).fit([1]).done_ == 4


class Stops:
    """Asks to stop after the second step, and keeps the models it was shown."""

    def __init__(self):
        self.models = []

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.models.append(fitted_estimator)
        return context.task_name == "step 1"

    def teardown(self, estimator, context):
        pass


@pytest.mark.skipif(not hasattr(Model, "set_callbacks"), reason="scikit-learn before 1.9")
def test_a_callback_can_stop_a_fit():
    stops = Stops()
    assert Model().set_callbacks(stops).fit([1]).done_ == 2
    assert [model.ready_ for model in stops.models[:2]] == [True, True]
    assert len(stops.models) == 3  # two steps, and the fit


def test_a_bar_is_drawn_where_it_is_asked_for(capsys):
    with FitSteps(None, 2, verbose=1) as steps:
        for name in "ab":
            steps.begin(name)
            steps.end()
    assert "fit [########################] 100 %" in capsys.readouterr().err
