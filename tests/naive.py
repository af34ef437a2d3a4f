"""Slow, obvious twins of the fast code, written from the formulas."""

from __future__ import annotations

import numpy as np

# ---------------------------------------------------------------------------------- linear models


def logistic_loss(y, z):
    """Two classes, y in {0, 1}: minus the logarithm of the probability of the label."""
    p = 1.0 / (1.0 + np.exp(-z))
    return -np.log(p if y == 1 else 1.0 - p)


def multinomial_loss(y, z):
    """Minus the logarithm of the softmax probability of class y."""
    e = np.exp(z)
    return -np.log(e[int(y)] / e.sum())


def squared_loss(y, z):
    """Half the squared error."""
    return 0.5 * (z - y) ** 2


def shared_parameters_penalty(W, sharing):
    """``min over w_0 of ||w_0||^2 / 2s + sum_t ||w_t - w_0||^2 / 2(1-s)``, by its normal equation.

    W is (d, T). Setting the derivative in w_0 to zero: w_0 / s = sum_t (w_t - w_0) / (1 - s).
    """
    s, T = sharing, W.shape[1]
    w0 = W.sum(axis=1) / ((1 - s) / s + T)
    return w0 @ w0 / (2 * s) + sum((W[:, t] - w0) @ (W[:, t] - w0) for t in range(T)) / (2 * (1 - s))


def relation_penalty(W, C):
    """``sum over tasks s, t of (C^-1)[s, t] <w_s, w_t> / 2``."""
    P = np.linalg.inv(C)
    T = len(C)
    return 0.5 * sum(P[s, t] * (W[:, s] @ W[:, t]) for s in range(T) for t in range(T))


def own_rows_objective(model_loss, X, y, task, W, b, alpha, penalty):
    """Joint objective of tasks that own their rows: every label counts the same, summed over T tasks.

    W is (d, T), one column per task; the sum runs row by row.
    """
    T = W.shape[1]
    total = 0.0
    for i in range(len(X)):
        total += model_loss(y[i], X[i] @ W[:, task[i]] + b[task[i]])
    return T * total / len(X) + alpha * penalty(W)


def shared_objective(model_loss, X, Y, W, b, alpha, penalty):
    """Joint objective on a shared X with NaN for missing labels, label by label."""
    total, count = 0.0, 0
    for i in range(len(X)):
        for t in range(Y.shape[1]):
            if not np.isnan(Y[i, t]):
                total += model_loss(Y[i, t], X[i] @ W[:, t] + b[t])
                count += 1
    return Y.shape[1] * total / count + alpha * penalty(W)


# ---------------------------------------------------------------------------------------------------------
# Convolutional features
# ---------------------------------------------------------------------------------------------------------


def patch_responses(image, filters, bias, contrast, stride=(1, 1), dilation=(1, 1)):
    """z[y, x, f] = f . p / sqrt(var(p) + contrast) + bias[f] for every patch p that lies within the image."""
    image = image.astype(np.float64)
    down, along = (np.arange(n) * step for n, step in zip(filters.shape[1:3], dilation, strict=True))
    rows = range(0, image.shape[0] - down[-1], stride[0])
    columns = range(0, image.shape[1] - along[-1], stride[1])
    out = np.empty((len(rows), len(columns), len(filters)))
    for i, y in enumerate(rows):
        for j, x in enumerate(columns):
            patch = image[(y + down)[:, None], x + along]
            scale = 1.0 if contrast is None else 1 / np.sqrt(patch.var() + contrast)
            for f in range(len(filters)):
                out[i, j, f] = (filters[f] * patch).sum() * scale + bias[f]
    return out


def activate(z, activation, threshold):
    """Channels last: both signs, the positive one, or their sum."""
    positive, negative = np.maximum(z - threshold, 0), np.maximum(-z - threshold, 0)
    if activation == "two-sided":
        return np.concatenate([positive, negative], axis=-1)
    return positive if activation == "relu" else positive + negative


def pool(maps, grid, how):
    """``maps`` (rows, columns, channels) pooled over grid x grid cells, one after the other."""
    cells = []
    for i in range(grid):
        for j in range(grid):
            rows = slice(i * len(maps) // grid, (i + 1) * len(maps) // grid)
            columns = slice(j * maps.shape[1] // grid, (j + 1) * maps.shape[1] // grid)
            cells.append(getattr(np, how)(maps[rows, columns], axis=(0, 1)))
    return np.concatenate(cells)


def reduce(image, factor):
    """Means over factor x factor pixels, the edge repeated where the last ones are missing."""
    padding = [(0, -length % factor) for length in image.shape[:2]]
    image = np.pad(image.astype(np.float64), [*padding, (0, 0)], mode="edge")
    out = np.empty((image.shape[0] // factor, image.shape[1] // factor, image.shape[2]))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            cell = image[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
            out[y, x] = cell.mean(axis=(0, 1))
    return out


def enlarge(maps, factor, shape):
    """Bilinear interpolation between the centres of cells that are ``factor`` pixels wide."""
    for axis in (0, 1):
        centres = (np.arange(maps.shape[axis]) + 0.5) * factor - 0.5
        pixels = np.arange(shape[axis])
        maps = np.apply_along_axis(lambda line, c=centres, p=pixels: np.interp(p, c, line), axis, maps)
    return maps


def dense_maps(image, filters, bias, contrast, activation, threshold, factor):
    """Activations (h, w, channels) at every pixel, of the image reduced ``factor`` times."""
    small = reduce(image, factor)
    before = [(size - 1) // 2 for size in filters.shape[1:3]]
    around = [(b, size - 1 - b) for b, size in zip(before, filters.shape[1:3], strict=True)]
    padded = np.pad(small, [*around, (0, 0)], mode="reflect")
    maps = activate(patch_responses(padded, filters, bias, contrast), activation, threshold)
    return enlarge(maps, factor, image.shape[:2])


# ------------------------------------------------------------------------------------- penalties


def norm(x):
    """The Euclidean norm of a vector, entry by entry."""
    return sum(v * v for v in np.ravel(x)) ** 0.5


def row_norm(W):
    """L2,1: Euclidean norms of the rows, summed."""
    return sum(norm(row) for row in W)


def row_max(W):
    """L1,inf: largest magnitudes of the rows, summed."""
    return sum(max(abs(v) for v in row) for row in W)


def entry_norm(W):
    """L1: magnitudes, summed."""
    return sum(abs(v) for v in np.ravel(W))


def trace_norm(W):
    """Singular values, summed."""
    return sum(np.linalg.svd(W)[1])


def task_norm(W, task_of_column):
    """Euclidean norms of each task's columns, summed."""
    return sum(norm(W[:, task_of_column == t]) for t in np.unique(task_of_column))


def row_norm_dual(G):
    return max(norm(row) for row in G)


def row_max_dual(G):
    return max(sum(abs(v) for v in row) for row in G)


def entry_norm_dual(G):
    return max(abs(v) for v in np.ravel(G))


def trace_norm_dual(G):
    return np.linalg.norm(G, 2)


def task_norm_dual(G, task_of_column):
    return max(norm(G[:, task_of_column == t]) for t in np.unique(task_of_column))


def shrink_block(block, amount):
    """A block moved by ``amount`` towards zero, and zero where it is nearer."""
    length = norm(block)
    return 0.0 * block if length <= amount else block * (length - amount) / length


def row_norm_prox(V, step):
    return np.stack([shrink_block(row, step) for row in V])


def task_norm_prox(V, step, task_of_column):
    out = np.zeros_like(V)
    for t in np.unique(task_of_column):
        out[:, task_of_column == t] = shrink_block(V[:, task_of_column == t], step)
    return out


def entry_norm_prox(V, step):
    return np.array([[shrink_block(np.array(v), step) for v in row] for row in V])


def row_max_prox(V, step):
    """Each row cut at a height that removes ``step`` in all; the height by bisection."""
    out = np.zeros_like(V)
    for i, row in enumerate(np.abs(V)):
        low, high = 0.0, row.max()
        for _ in range(200):
            height = (low + high) / 2
            removed = np.maximum(row - height, 0.0).sum()
            low, high = (height, high) if removed > step else (low, height)
        out[i] = np.sign(V[i]) * np.minimum(row, high if row.sum() > step else 0.0)
    return out


def trace_norm_prox(V, step):
    left, values, right = np.linalg.svd(V, full_matrices=False)
    return left @ np.diag([max(value - step, 0.0) for value in values]) @ right


def squared_trace_norm_prox(V, step):
    """Singular values less ``step * S``, where S is their sum after it; S by bisection."""
    left, values, right = np.linalg.svd(V, full_matrices=False)
    low, high = 0.0, values.sum()
    for _ in range(200):
        S = (low + high) / 2
        low, high = (S, high) if np.maximum(values - step * S, 0.0).sum() > S else (low, S)
    return left @ np.diag(np.maximum(values - step * S, 0.0)) @ right


def smoothed_trace_norm(W, budget, smoothing):
    """``(tr (W'W + smoothing I)^(1/2))^2 / (2 budget)``, eigenvalue by eigenvalue."""
    values = np.linalg.eigvalsh(W.T @ W + smoothing * np.eye(W.shape[1]))
    return sum(np.sqrt(max(v, 0.0)) for v in values) ** 2 / (2 * budget)


def cluster_norm(W, k, eta):
    """``eta (1 + eta) / 2 * sum_i s_i^2 / (eta + m_i)`` with m = clip(s / nu - eta, 0, 1): nu bisected."""
    s = np.sqrt(np.maximum(np.linalg.eigvalsh(W.T @ W), 0.0))
    low, high = 1e-12, (s.max() + 1.0) / eta
    for _ in range(200):
        nu = (low + high) / 2
        low, high = (nu, high) if np.clip(s / nu - eta, 0, 1).sum() > k else (low, nu)
    return eta * (1 + eta) / 2 * sum(x**2 / (eta + min(max(x / nu - eta, 0), 1)) for x in s)


def descend_rows(X, Y, W, weight, ridge, passes):
    """Each row in turn to its minimum of the multi-task elastic net, with the others as they are."""
    W = W.copy()
    for _ in range(passes):
        for j in range(len(W)):
            square = X[:, j] @ X[:, j]
            if square > 0:
                rest = Y - X @ W + np.outer(X[:, j], W[j])
                W[j] = shrink_block(X[:, j] @ rest, weight) / (square + ridge)
    return W


def graph_penalty(W, adjacency, strength):
    """Ridge, and for each edge the squared distance of its two tasks, or their sum where it is negative."""
    total, T = 0.5 * (W**2).sum(), W.shape[1]
    for s in range(T):
        for t in range(s):
            a = adjacency[s, t]
            total += 0.5 * strength * abs(a) * ((W[:, s] - np.sign(a) * W[:, t]) ** 2).sum()
    return total


# ---------------------------------------------------------------------------------------- metrics


def box_iou(a, b, crowd=False):
    """Intersection over union of two boxes x1, y1, x2, y2; over the area of ``a`` for a crowd ``b``."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = wide * high if wide > 0 and high > 0 else 0.0
    area_a, area_b = ((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    whole = area_a if crowd else area_a + area_b - shared
    return shared / whole if whole else 0.0


def mask_iou(a, b, crowd=False):
    """The same for two boolean masks, pixel by pixel."""
    shared = sum(bool(p) and bool(q) for p, q in zip(a.ravel(), b.ravel(), strict=True))
    whole = int(a.sum()) if crowd else int(a.sum()) + int(b.sum()) - shared
    return shared / whole if whole else 0.0


def oks(truth, guess, area, sigmas):
    """Object key point similarity of one object; ``truth`` is (K, 3) with visibility."""
    terms = []
    for (x, y, seen), (u, v), sigma in zip(truth, guess, sigmas, strict=True):
        if seen > 0:
            terms.append(np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * area * (2 * sigma) ** 2)))
    return sum(terms) / len(terms)


def coco_ap(truth, found, label, threshold, max_detections=100):
    """AP of boxes of one class at one threshold, by the definition; crowds and all areas."""
    hits, n_true = [], 0
    for image, (t, f) in enumerate(zip(truth, found, strict=True)):
        mine = [j for j in range(len(t["labels"])) if t["labels"][j] == label]
        mine.sort(key=lambda j: t["crowd"][j])
        n_true += sum(not t["crowd"][j] for j in mine)
        seen = [k for k in range(len(f["labels"])) if f["labels"][k] == label]
        seen = sorted(seen, key=lambda k: -f["scores"][k])[:max_detections]
        used = set()
        for place, k in enumerate(seen):
            best, partner = threshold, None
            for j in mine:
                if j in used or (t["crowd"][j] and partner is not None and not t["crowd"][partner]):
                    continue
                overlap = box_iou(f["boxes"][k], t["boxes"][j], t["crowd"][j])
                if overlap >= best:
                    best, partner = overlap, j
            if partner is not None and t["crowd"][partner]:
                continue
            used.add(partner)
            hits.append((-f["scores"][k], image, place, partner is not None))
    hits.sort()
    right, points = 0, []
    for count, (*_, hit) in enumerate(hits, start=1):
        right += hit
        points.append((right / n_true, right / count))
    levels = np.linspace(0, 1, 101)
    return sum(max((p for r, p in points if r >= level), default=0.0) for level in levels) / 101


def boundary_pixels(mask):
    """Pixels of the mask with a pixel outside it above, below, left or right, inside the image."""
    h, w = mask.shape
    steps = ((0, 1), (0, -1), (1, 0), (-1, 0))
    return [
        (i, j)
        for i, j in np.argwhere(mask)
        if any(0 <= i + a < h and 0 <= j + b < w and not mask[i + a, j + b] for a, b in steps)
    ]


def boundary_f1(truth, guess, tolerance):
    """F1 of the boundary pixels of two masks, every pixel against every pixel."""
    true, found = boundary_pixels(truth), boundary_pixels(guess)

    def share(of, others):
        near = [any((i - a) ** 2 + (j - b) ** 2 <= tolerance**2 for a, b in others) for i, j in of]
        return sum(near) / len(near)

    precision, recall = share(found, true), share(true, found)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def panoptic_quality(true_class, true_instance, found_class, found_instance, label):
    """TP, FP, FN and the sum of overlaps of one class in one image; 255 is not judged."""
    judged = true_class != 255

    def segments(classes, instances):
        return [(classes == label) & (instances == i) for i in np.unique(instances[classes == label])]

    true, found = segments(true_class, true_instance), segments(found_class, found_instance)
    overlaps = [[mask_iou(a & judged, b & judged) for b in found] for a in true]
    right = [(i, j) for i, row in enumerate(overlaps) for j, value in enumerate(row) if value > 0.5]
    wrong = [
        j
        for j, segment in enumerate(found)
        if j not in [k for _, k in right] and (segment & ~judged).sum() <= segment.sum() / 2
    ]
    return len(right), len(wrong), len(true) - len(right), sum(overlaps[i][j] for i, j in right)


def instance_precision(truth, guess, threshold):
    """TP / (TP + FP + FN) of two instance maps at one threshold."""
    true = [truth == i for i in np.unique(truth) if i]
    found = [guess == i for i in np.unique(guess) if i]
    right = sum(mask_iou(a, b) > threshold for a in true for b in found)
    return right / (len(true) + len(found) - right) if true or found else 1.0


def ranking_of_labels(truth, score):
    """Ranking loss, coverage and average precision of one sample; NaN in truth is not judged."""
    judged = [k for k in range(len(truth)) if truth[k] == truth[k]]
    positive = [k for k in judged if truth[k] == 1]
    negative = [k for k in judged if truth[k] == 0]
    wrong = sum(score[p] <= score[q] for p in positive for q in negative)
    loss = wrong / (len(positive) * len(negative)) if positive and negative else 0.0
    coverage = sum(score[k] >= min(score[p] for p in positive) for k in judged) if positive else 0
    shares = []
    for p in positive:
        above = [k for k in judged if score[k] >= score[p]]
        shares.append(sum(k in positive for k in above) / len(above))
    return loss, coverage, sum(shares) / len(shares) if positive and negative else 1.0
