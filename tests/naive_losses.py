"""Losses of one label, from their formulas: slow and obvious."""

import numpy as np


def huber_loss(y, z, threshold):
    """Half the squared error up to the threshold, then the line that goes on from there."""
    u = abs(z - y)
    return 0.5 * u**2 if u <= threshold else 0.5 * threshold**2 + threshold * (u - threshold)


def quantile_loss(y, z, quantile):
    """Falling short costs ``quantile`` a unit, exceeding ``1 - quantile``."""
    return quantile * (y - z) if y > z else (1 - quantile) * (z - y)


def epsilon_loss(y, z, epsilon):
    """The error beyond epsilon."""
    return max(abs(z - y) - epsilon, 0.0)


def poisson_loss(y, z):
    """Half the deviance of a count y whose expectation is exp(z)."""
    return np.exp(z) - y + (y * (np.log(y) - z) if y > 0 else 0.0)


def squared_hinge_loss(y, z):
    """Two classes, y in {0, 1}: half the squared shortfall of the margin."""
    return 0.5 * max(1 - (z if y == 1 else -z), 0.0) ** 2


def rest_hinge_loss(y, z):
    """Each class against the rest."""
    return sum(squared_hinge_loss(float(c == int(y)), z[c]) for c in range(len(z)))
