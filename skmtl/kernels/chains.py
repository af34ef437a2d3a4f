"""Total variation along rows: each row moved to the nearest one with few and small steps."""

from __future__ import annotations

import numpy as np

from ._jit import kernel


@kernel()
def flatten_steps(rows, amount, out):
    """``out[i]`` minimises ``|x - rows[i]|^2 / 2 + amount * sum_t |x[t] - x[t + 1]|``; both are (m, T).

    Dynamic programming over t (Johnson 2013, "A dynamic programming algorithm for the fused lasso"): the
    derivative of the best value of x[0..t], as a function of x[t], is piecewise linear and clipped to
    [-amount, amount]. Its knots lie in a queue that only ever loses or gains them at its two ends, so that
    a row costs O(T). ``low[t]`` and ``high[t]`` are where it is clipped: given x[t + 1], x[t] is x[t + 1]
    clipped to them.
    """
    m, T = rows.shape
    knot, slope, shift = np.empty(2 * T + 2), np.empty(2 * T + 2), np.empty(2 * T + 2)
    low, high = np.empty(T), np.empty(T)
    for i in range(m):
        first, last = T + 1, T
        for t in range(T):
            y, end = rows[i, t], amount if t > 0 else 0.0
            # Left of all knots the derivative is a * x + c; each knot adds its slope and shift to it.
            goal = -amount if t + 1 < T else 0.0
            a, c = 1.0, -end - y
            while first <= last and a * knot[first] + c < goal:
                a, c, first = a + slope[first], c + shift[first], first + 1
            low[t] = (goal - c) / a
            if t + 1 == T:
                break
            b, e = 1.0, end - y
            while first <= last and b * knot[last] + e > amount:
                b, e, last = b - slope[last], e - shift[last], last - 1
            high[t] = (amount - e) / b
            first, last = first - 1, last + 1
            knot[first], slope[first], shift[first] = low[t], a, c + amount
            knot[last], slope[last], shift[last] = high[t], -b, amount - e
        x = low[T - 1]
        out[i, T - 1] = x
        for t in range(T - 2, -1, -1):
            x = min(max(x, low[t]), high[t])
            out[i, t] = x
