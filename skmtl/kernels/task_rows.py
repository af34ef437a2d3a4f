"""Coordinate descent over the rows of W where each task has its own second derivatives."""

from __future__ import annotations

import numpy as np

from ._jit import kernel

NEWTON_STEPS = 50
# A Newton step of this share of the length leaves the square of it as the error.
CLOSE = 1e-8
ROUNDING = 1e-14


@kernel()
def descend_grams(grams, slope, shared, own, prices):
    r"""One pass of ``sum_t w_t' G_t w_t / 2 - ... + rows |p_j| + entries |q_j|_1 + ridge |w_j|^2 / 2``.

    grams (d, d, T), the tasks' second derivatives, or (d, d, 1), those of all; slope (d, T), minus the
    gradient of the smooth part at ``W = shared + own`` without the ridge; shared and own (d, T), the p and
    the q; prices (4,) of rows, entries and ridge, where infinity forbids a part, and whether a row costs its
    largest magnitude in place of its length. Each row of both parts is minimised exactly with the other rows
    fixed; slope, shared and own are changed in place. Returns whether anything has moved.
    """
    d, T = slope.shape
    last = 0 if grams.shape[2] == 1 else 1
    wanted, bends, move = np.empty(T), np.empty(T), np.empty(T)
    any_moved = False
    for j in range(d):
        for t in range(T):
            weight = shared[j, t] + own[j, t]
            bend = grams[j, j, last * t]
            wanted[t] = slope[j, t] + bend * weight
            bends[t] = bend + prices[2]
            move[t] = -weight
        solve_row(wanted, bends, prices, shared[j], own[j])
        largest = 0.0
        for t in range(T):
            move[t] += shared[j, t] + own[j, t]
            largest = max(largest, abs(move[t]))
        if largest > 0.0:
            any_moved = True
            if last:
                for i in range(d):
                    for t in range(T):
                        slope[i, t] -= grams[j, i, t] * move[t]
            else:
                for i in range(d):
                    share = grams[j, i, 0]
                    for t in range(T):
                        slope[i, t] -= share * move[t]
    return any_moved


@kernel()
def descend_residuals(X, R, bounds, shared, own, bends, prices):
    """The same pass by the residual, for tasks of fewer rows than features.

    X (N, d), Fortran order, whose rows ``bounds[t]`` to ``bounds[t + 1]`` are task t's; R (N,), targets less
    predictions, changed in place; bends (d, T), the sums of squares of each task's features.
    """
    d, T = shared.shape
    wanted, total, move = np.empty(T), np.empty(T), np.empty(T)
    any_moved = False
    for j in range(d):
        for t in range(T):
            weight = shared[j, t] + own[j, t]
            slope = 0.0
            for i in range(bounds[t], bounds[t + 1]):
                slope += X[i, j] * R[i]
            wanted[t] = slope + bends[j, t] * weight
            total[t] = bends[j, t] + prices[2]
            move[t] = -weight
        solve_row(wanted, total, prices, shared[j], own[j])
        for t in range(T):
            step = move[t] + shared[j, t] + own[j, t]
            if step != 0.0:
                any_moved = True
                for i in range(bounds[t], bounds[t + 1]):
                    R[i] -= step * X[i, j]
    return any_moved


@kernel()
def solve_row(wanted, bends, prices, p, q):
    r"""Minimise ``sum_t bends_t (p_t + q_t)^2 / 2 - wanted_t (p_t + q_t) + rows |p| + entries |q|_1``.

    With r = |p| the minimiser is ``p_t = r * clip(wanted_t / (bends_t r + rows), +-entries / rows)``, or
    ``clip(wanted_t / bends_t, +-r)`` where r is the largest magnitude; q thresholds softly what p leaves. So
    r solves one equation, whatever the number of tasks.
    """
    rows, entries, peak = prices[0], prices[1], prices[3] > 0.0
    cap = entries / rows
    start = 0.0
    for t in range(len(p)):
        start = max(start, abs(p[t])) if peak else start + p[t] * p[t]
    if peak:
        r = row_peak(wanted, bends, rows, entries, start)
    else:
        r = row_length(wanted, bends, rows, cap, np.sqrt(start))
    for t in range(len(p)):
        size = abs(wanted[t])
        common = 0.0
        if r > 0.0 and size > 0.0:
            if peak:
                common = r if size > bends[t] * r else size / bends[t]
            else:
                common = r * min(size / (bends[t] * r + rows), cap)
        left = size - bends[t] * common - entries
        single = left / bends[t] if left > ROUNDING * size and bends[t] > 0.0 else 0.0
        sign = 1.0 if wanted[t] >= 0.0 else -1.0
        p[t] = sign * common
        q[t] = sign * single


@kernel()
def row_length(wanted, bends, rows, cap, start):
    """The r >= 0 with ``sum_t min(|wanted_t| / (bends_t r + rows), cap)^2 = 1``; 0 where it is less at 0.

    Newton's method on the inverse root of the sum, which without the cap is concave in r, inside a bracket.
    """
    if not np.isfinite(rows):
        return 0.0
    least, most = np.inf, 0.0
    whole, capped = 0.0, 0.0
    for t in range(len(wanted)):
        size = abs(wanted[t])
        whole += size * size
        capped += min(size, cap * rows) ** 2
        most = max(most, bends[t])
        # without a bend there is no slope either, but for rounding
        if size > 0.0 and bends[t] > 0.0:
            least = min(least, bends[t])
    if capped <= rows * rows or least == np.inf:
        return 0.0
    low, high = (np.sqrt(capped) - rows) / most, (np.sqrt(whole) - rows) / least
    r = min(max(start, low), high)
    for _ in range(NEWTON_STEPS):
        total, fall = 0.0, 0.0
        for t in range(len(wanted)):
            inverse = 1.0 / (bends[t] * r + rows)
            share = abs(wanted[t]) * inverse
            free = share < cap
            share = share if free else cap
            total += share * share
            fall += share * share * bends[t] * inverse if free else 0.0
        if total >= 1.0:
            low = r
        else:
            high = r
        step = total * (np.sqrt(total) - 1.0) / fall if fall > 0.0 else np.inf
        following = r + step
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - r) <= CLOSE * following:
            return following
        r = following
    return r


@kernel()
def row_peak(wanted, bends, rows, entries, start):
    """The r >= 0 with ``sum_t clip(|wanted_t| - bends_t r, 0, entries) = rows``, 0 where it is less at 0.

    Newton's method on a sum of pieces of straight lines, inside a bracket.
    """
    total, high = 0.0, 0.0
    for t in range(len(wanted)):
        size = abs(wanted[t])
        total += min(size, entries)
        if size > 0.0 and bends[t] > 0.0:
            high = max(high, size / bends[t])
    if total <= rows or high <= 0.0:
        return 0.0
    low, r = 0.0, min(start, high)
    for _ in range(NEWTON_STEPS):
        total, fall = 0.0, 0.0
        for t in range(len(wanted)):
            left = abs(wanted[t]) - bends[t] * r
            inside = 0.0 < left < entries
            total += left if inside else (entries if left > 0.0 else 0.0)
            fall += bends[t] if inside else 0.0
        if total >= rows:
            low = r
        else:
            high = r
        following = r + (total - rows) / fall if fall > 0.0 else np.inf
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - r) <= ROUNDING * following:
            return following
        r = following
    return r


@kernel()
def descend_tasks(vectors, values, slope, own, price):
    r"""Minimise ``sum_t q_t' G_t q_t / 2 - ... + price * sum_t |q_t|`` over the columns of own, each exactly.

    vectors (T, d, d) and values (T, d), the eigenvectors, as columns, and eigenvalues of G_t, or those of one
    G for all tasks; slope (d, T), minus the gradient of the smooth part, and own (d, T) are changed in place.
    Returns whether anything has moved.
    """
    d, T = slope.shape
    last = 0 if vectors.shape[0] == 1 else 1
    wanted, before = np.empty(d), np.empty(d)
    any_moved = False
    for t in range(T):
        V, bends = vectors[last * t], values[last * t]
        size, length = 0.0, 0.0
        for i in range(d):
            size += slope[i, t] * slope[i, t]
            length += own[i, t] * own[i, t]
        if length == 0.0 and size <= price * price:
            continue
        any_moved = True
        wanted[:] = 0.0
        before[:] = 0.0
        for i in range(d):
            for k in range(d):
                wanted[k] += V[i, k] * slope[i, t]
                before[k] += V[i, k] * own[i, t]
        for k in range(d):
            wanted[k] += bends[k] * before[k]
        r = row_length(wanted, bends, price, np.inf, np.sqrt(length))
        for k in range(d):
            wanted[k] = wanted[k] * r / (bends[k] * r + price)
            before[k] = bends[k] * (wanted[k] - before[k])
        for i in range(d):
            new, change = 0.0, 0.0
            for k in range(d):
                new += V[i, k] * wanted[k]
                change += V[i, k] * before[k]
            own[i, t] = new
            slope[i, t] -= change
    return any_moved


@kernel()
def multiply_grams(grams, W, out):
    """``out[:, t] += grams[:, :, t] @ W[:, t]`` for every task; grams (d, d, T), W and out (d, T)."""
    d, T = W.shape
    for j in range(d):
        for k in range(d):
            for t in range(T):
                out[j, t] += grams[j, k, t] * W[k, t]
