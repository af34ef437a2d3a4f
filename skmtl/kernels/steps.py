"""Steps of optimisers: one pass over the parameters and all that goes with them, vectors of one type (n,)."""

from __future__ import annotations

import math

from ._jit import kernel


@kernel()
def sgd(theta, gradient, velocity, momentum, rate):
    """``v <- momentum v + g; theta <- theta - rate v``."""
    for i in range(theta.size):
        velocity[i] = momentum * velocity[i] + gradient[i]
        theta[i] -= rate * velocity[i]


@kernel()
def adam(theta, gradient, sums, squares, betas, step):
    """``s <- beta1 s + g; q <- beta2 q + g^2; theta <- theta - length s / (sqrt(q) + epsilon)``.

    ``betas`` are two numbers, ``step`` is (length, epsilon); all of the vectors' type.
    """
    (beta1, beta2), (length, epsilon) = betas, step
    for i in range(theta.size):
        g = gradient[i]
        total, square = beta1 * sums[i] + g, beta2 * squares[i] + g * g
        sums[i], squares[i] = total, square
        theta[i] -= length * total / (math.sqrt(square) + epsilon)


@kernel()
def shrink(theta, decay, rate):
    """``theta <- theta - rate decay theta``."""
    for i in range(theta.size):
        theta[i] -= rate * (decay[i] * theta[i])


@kernel()
def add_penalty(gradient, penalty, theta):
    """``g <- g + penalty theta``."""
    for i in range(theta.size):
        gradient[i] += penalty[i] * theta[i]
