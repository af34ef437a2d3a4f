"""What the first fit of a process costs: ``python benchmarks/first_fit.py [--rounds 5] [--out DIR]``.

Every measurement is a fresh interpreter, with kernels compiled and cached by an earlier one; the models take
turns. Timed are the imports of scikit-learn and of what the model is in, then one fit of a small problem.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

from harness.turns import measured_in_turns

MODELS = {
    "ridge, shared": "MultiTaskLinearRegressor(0.1)",
    "joint sparsity": "MultiTaskLinearRegressor(0.1, coupling=JointSparsity())",
    "low rank": "MultiTaskLinearRegressor(0.1, coupling=LowRank())",
    "logistic, shared": "MultiTaskLogisticRegression(0.1)",
    "logistic, joint sparsity": "MultiTaskLogisticRegression(0.1, coupling=JointSparsity())",
    "float32, joint sparsity": "MultiTaskLinearRegressor(0.1, coupling=JointSparsity())",
    "network of rows, L-BFGS": "MultiTaskMLPClassifier(max_iter=2)",
    "network of rows, Adam": "MultiTaskMLPClassifier(solver='adam', max_iter=2)",
    "network of images": "MultiHeadNetwork(trunk=ConvTrunk(), max_iter=1)",
    "network of images, norm.": "MultiHeadNetwork(trunk=ConvTrunk((32, 64), stride=2, pooling=None, "
    "residuals=1, batch_norm=True), max_iter=1)",
}
_CHILD = """
import sys, time
started = time.perf_counter()
import numpy as np
import sklearn.linear_model
name = sys.argv[1]
peer = time.perf_counter()
if name.startswith("network"):
    from skmtl.neural_network import *
else:
    from skmtl.linear_model import *
    from skmtl.couplings import *
ours = time.perf_counter()
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(200, 10)), rng.normal(size=(200, 3))
model = eval(sys.argv[2])
X = X.astype(np.float32) if name.startswith("float32") else X
X = rng.normal(size=(200, 32, 32, 3)).astype(np.float32) if "images" in name else X
Y = (Y > 0).astype(int) if name.startswith(("logistic", "network of rows")) else Y
began = time.perf_counter()
model.fit(X, Y)
first = time.perf_counter()
model.fit(X, Y)
print(peer - started, ours - peer, first - began, time.perf_counter() - first)
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure, write ``first_fit.json``, print a table."""
    # The first run of each fills the kernels' cache.
    rows = measured_in_turns(
        arguments,
        "first_fit",
        list(MODELS),
        _measure,
        _row,
        summary=__doc__.splitlines()[0],
        rounds=5,
        warm=True,
    )
    for row in rows:
        print(
            f"{row['model']:25} import scikit-learn {row['import_sklearn_s']:.2f} s, skmtl "
            f"{row['import_skmtl_s']:.2f} s; first fit {row['first_fit_s']:.3f} s (median "
            f"{row['first_fit_median_s']:.3f}), second {row['second_fit_s']:.3f} s"
        )
    return 0


def _measure(name: str) -> tuple[float, ...]:
    command = [sys.executable, "-c", _CHILD, name, MODELS[name]]
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | one_thread)
    return tuple(map(float, done.stdout.split()))


def _row(name: str, done: list[tuple[float, ...]]) -> dict:
    peer, ours, first, second = zip(*done, strict=True)
    return {
        "model": name,
        "import_sklearn_s": min(peer),
        "import_skmtl_s": min(ours),
        "first_fit_s": min(first),
        "first_fit_median_s": median(first),
        "second_fit_s": min(second),
    }


if __name__ == "__main__":
    sys.exit(main())
