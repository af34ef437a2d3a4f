"""scikit-learn's own checks of an estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skmtl import MultiHeadEstimator


@parametrize_with_checks(
    [MultiHeadEstimator(random_state=0), MultiHeadEstimator(stack=True, n_components=2, random_state=0)],
    xfail_strict=True,
)
def test_sklearn_checks(estimator, check):
    check(estimator)
