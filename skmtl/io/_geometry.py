"""Boxes around things: rotated boxes, ellipses, outlines, points."""

from __future__ import annotations

import math

import numpy as np


def corners_of(box, rotation: float = 0.0) -> np.ndarray:
    """The corners of a box turned about its centre, shape (4, 2), clockwise from the upper left."""
    x0, y0, x1, y1 = box
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)
    if not rotation:
        return corners
    return turned(corners, ((x0 + x1) / 2, (y0 + y1) / 2), rotation)


def turned(points: np.ndarray, centre, degrees: float) -> np.ndarray:
    """Points turned about a centre, clockwise as seen on the screen (y points down)."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return (np.asarray(points, dtype=np.float64) - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre


def ellipse_outline(box, rotation: float = 0.0, n_points: int = 64) -> np.ndarray:
    """Points on the ellipse inside a box, shape (n_points, 2)."""
    x0, y0, x1, y1 = box
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    angle = np.linspace(0, 2 * np.pi, n_points, endpoint=False)
    offset = np.stack([np.cos(angle) * (x1 - x0) / 2, np.sin(angle) * (y1 - y0) / 2], axis=1)
    return turned(offset + centre, centre, rotation)


def span(points: np.ndarray) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 around points."""
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def bounds_of(record) -> tuple[float, float, float, float] | None:
    """The upright box around an ObjectRecord, or None where it has no extent at all."""
    if record.box is not None:
        return record.box if not record.rotation else _turned_bounds(record)
    return outline_bounds(record)


def outline_bounds(record) -> tuple[float, float, float, float] | None:
    """The box around the finest shape of an ObjectRecord, its own box left aside."""
    if record.mask is not None:
        return record.mask.box
    if record.polygons:
        return span(np.concatenate(record.polygons))
    if record.line is not None:
        return span(record.line)
    if record.points is not None:
        labelled = record.points[record.points[:, 2] > 0, :2]
        return span(labelled) if len(labelled) else None
    return None


def _turned_bounds(record) -> tuple[float, float, float, float]:
    if not record.ellipse:
        return span(corners_of(record.box, record.rotation))
    x0, y0, x1, y1 = record.box
    angle = math.radians(record.rotation)
    a, b = (x1 - x0) / 2, (y1 - y0) / 2
    half_w = math.hypot(a * math.cos(angle), b * math.sin(angle))
    half_h = math.hypot(a * math.sin(angle), b * math.cos(angle))
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return cx - half_w, cy - half_h, cx + half_w, cy + half_h
