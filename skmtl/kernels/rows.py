"""Block coordinate descent over the rows of W, inside a block of features that fits in the cache."""

from __future__ import annotations

import numpy as np

from ._jit import kernel


@kernel()
def descend_block(gram, slope, W, weight, ridge, passes):
    """Minimise ``tr(W' gram W) / 2 - ... + weight * sum_j |w_j| + ridge / 2 * |W|^2`` row by row.

    gram (m, m); slope (m, T), minus the gradient of the smooth part at W without the ridge; W (m, T).
    Both are changed in place. A row is minimised exactly with the others fixed; ``passes`` are made over
    all rows, fewer when nothing moves. Returns whether anything has moved.
    """
    m, T = W.shape
    wanted, move = np.empty(T, W.dtype), np.empty(T, W.dtype)
    any_moved = False
    for _ in range(passes):
        moved = False
        for j in range(m):
            bend = gram[j, j]
            if bend <= 0.0:
                continue
            square = 0.0
            for t in range(T):
                wanted[t] = slope[j, t] + bend * W[j, t]
                square += wanted[t] * wanted[t]
            length = np.sqrt(square)
            scale = (1.0 - weight / length) / (bend + ridge) if length > weight else 0.0
            largest = 0.0
            for t in range(T):
                new = scale * wanted[t]
                move[t] = new - W[j, t]
                W[j, t] = new
                largest = max(largest, abs(move[t]))
            if largest > 0.0:
                moved = True
                for i in range(m):
                    share = gram[j, i]
                    for t in range(T):
                        slope[i, t] -= share * move[t]
        any_moved = any_moved or moved
        if not moved:
            break
    return any_moved
