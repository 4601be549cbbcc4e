"""High-pass filters: what remains of a picture when its content is predicted from neighbours.

The linear filters of the spatial rich model: Fridrich & Kodovský (2012), "Rich models for
steganalysis of digital images".
"""

from __future__ import annotations

from review_app.detector.backbones.forensic.moments import Plane


def first_order(x: Plane, axis: int) -> Plane:
    """Difference from the next pixel along ``axis``; one row or column is lost."""
    x = x.swapaxes(0, axis)
    return (x[1:] - x[:-1]).swapaxes(0, axis)


def second_order(x: Plane, axis: int) -> Plane:
    """x[-1] - 2 x[0] + x[1] along ``axis``; two are lost."""
    return first_order(first_order(x, axis), axis)


def third_order(x: Plane, axis: int) -> Plane:
    """-x[-1] + 3 x[0] - 3 x[1] + x[2] along ``axis``; three are lost."""
    return first_order(second_order(x, axis), axis)


def square_3x3(x: Plane) -> Plane:
    """The Ker-Böhme filter [-1 2 -1; 2 -4 2; -1 2 -1]: second order in both directions."""
    return -second_order(second_order(x, 0), 1)


def laplacian(x: Plane) -> Plane:
    """Second order along both axes, summed: unlike the square filters it keeps waves along one."""
    return second_order(x, 0)[:, 1:-1] + second_order(x, 1)[1:-1]


def square_5x5(x: Plane) -> Plane:
    """The filter "KV" of the spatial rich model, 5 x 5, with -12 in its centre."""
    padded = [x[i : len(x) - 4 + i] for i in range(5)]
    outer = _row(padded[0] + padded[4], (-1, 2, -2, 2, -1))
    middle = _row(padded[1] + padded[3], (2, -6, 8, -6, 2))
    return outer + middle + _row(padded[2], (-2, 8, -12, 8, -2))


def _row(x: Plane, weights: tuple[int, int, int, int, int]) -> Plane:
    width = x.shape[1] - 4
    total = weights[2] * x[:, 2 : 2 + width]
    for outside, weight in ((0, weights[0]), (1, weights[1])):
        mirror = 4 - outside
        total = total + weight * (x[:, outside : outside + width] + x[:, mirror : mirror + width])
    return total
