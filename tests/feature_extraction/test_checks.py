"""scikit-learn's own checks of estimators."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skmtl.feature_extraction import ConvFeatureExtractor, RandomFilters


@parametrize_with_checks([ConvFeatureExtractor(), ConvFeatureExtractor(RandomFilters(contrast=None))], xfail_strict=True)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
