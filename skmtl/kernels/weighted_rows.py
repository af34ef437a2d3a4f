"""Block coordinate descent over the rows of W where every column has a curvature of its own."""

from __future__ import annotations

import numpy as np

from ._jit import kernel

# The length of a row is found to this relative precision, by at most that many Newton steps.
PRECISION, STEPS = 1e-13, 50


@kernel()
def row_length(wanted, bend, weight, ridge, start):
    """The length r of the row that minimises ``sum_p bend_p w_p^2 / 2 - wanted_p w_p`` plus the penalty.

    The penalty is ``weight * |w| + ridge / 2 * |w|^2``; ``start`` is a guess, 0 for none. The row is
    ``w_p = wanted_p r / ((bend_p + ridge) r + weight)``: its length is r where
    ``sum_p (wanted_p / ((bend_p + ridge) r + weight))^2 = 1``. One over the root of that sum is concave and
    rising in r, so that Newton's method from below never leaves the bounds.
    """
    square, least, most = 0.0, bend[0], bend[0]
    for p in range(len(wanted)):
        square += wanted[p] * wanted[p]
        least, most = min(least, bend[p]), max(most, bend[p])
    beyond = np.sqrt(square) - weight
    if beyond <= 0.0 or most + ridge <= 0.0:
        return 0.0
    lowest = beyond / (most + ridge)
    highest = beyond / (least + ridge) if least + ridge > 0.0 else np.inf
    r = min(max(start, lowest), highest)
    for _ in range(STEPS):
        total, slope = 0.0, 0.0
        for p in range(len(wanted)):
            below = (bend[p] + ridge) * r + weight
            share = wanted[p] / below
            total += share * share
            slope += share * share * ((bend[p] + ridge) / below)
        if slope <= 0.0:
            break
        new = max(r + total * (np.sqrt(total) - 1.0) / slope, lowest)
        close = abs(new - r) <= PRECISION * r
        r = new
        if close:
            break
    return r


@kernel()
def descend_rows(gram, slope, W, weight, ridge, passes, enough):
    """Minimise ``sum_p W_p' gram_p W_p / 2 - ... + weight * sum_j |w_j| + ridge / 2 * |W|^2`` by rows.

    gram (m, m, P), one symmetric matrix for each column p; slope (m, P), minus the gradient of the smooth
    part at W without the ridge; W (m, P). The latter two are changed in place. At most ``passes`` over all
    rows, none after one in which the value falls by a share ``enough`` or less of what it fell in the first;
    returns about the first fall.
    """
    m, P = W.shape
    wanted, move = np.empty(P, W.dtype), np.empty(P, W.dtype)
    first, fall = 0.0, 0.0
    for number in range(passes):
        fall = 0.0
        for j in range(m):
            before = 0.0
            for p in range(P):
                wanted[p] = slope[j, p] + gram[j, j, p] * W[j, p]
                before += W[j, p] * W[j, p]
            r = row_length(wanted, gram[j, j], weight, ridge, np.sqrt(before))
            if r == 0.0 and before == 0.0:
                continue
            for p in range(P):
                new = wanted[p] * r / ((gram[j, j, p] + ridge) * r + weight) if r > 0.0 else 0.0
                move[p] = new - W[j, p]
                W[j, p] = new
                fall += 0.5 * (gram[j, j, p] + ridge) * move[p] * move[p]
            for i in range(m):
                for p in range(P):
                    slope[i, p] -= gram[j, i, p] * move[p]
        if number == 0:
            first = fall
        if fall <= enough * first:
            break
    return first


@kernel()
def descend_entries(gram, slope, W, weight, ridge, passes, enough):
    """``descend_rows`` for ``weight * sum_jp |w_jp|``: every entry is soft-thresholded for itself."""
    m, P = W.shape
    move = np.empty(P, W.dtype)
    first, fall = 0.0, 0.0
    for number in range(passes):
        fall = 0.0
        for j in range(m):
            largest = 0.0
            for p in range(P):
                bend = gram[j, j, p]
                wanted = slope[j, p] + bend * W[j, p]
                beyond = max(abs(wanted) - weight, 0.0)
                new = np.copysign(beyond / (bend + ridge), wanted) if bend + ridge > 0.0 else 0.0
                move[p] = new - W[j, p]
                W[j, p] = new
                fall += 0.5 * (bend + ridge) * move[p] * move[p]
                largest = max(largest, abs(move[p]))
            if largest > 0.0:
                for i in range(m):
                    for p in range(P):
                        slope[i, p] -= gram[j, i, p] * move[p]
        if number == 0:
            first = fall
        if fall <= enough * first:
            break
    return first
