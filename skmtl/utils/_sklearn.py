"""Every name of scikit-learn that is not in its public documentation, imported in one place.

When scikit-learn moves one of them, this file changes and nothing else does.
"""

from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as rows_of
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

__all__ = ["HasMethods", "Interval", "StrOptions", "fit_context", "rows_of"]
