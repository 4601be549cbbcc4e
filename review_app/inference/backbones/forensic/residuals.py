"""High-pass filters: what remains of a picture when its content is predicted from neighbours.

The linear filters of the spatial rich model: Fridrich & Kodovský (2012), "Rich models for
steganalysis of digital images".
"""

from __future__ import annotations

from review_app.inference.backbones.forensic.moments import Plane


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


def laplacian(x: Plane) -> Plane:
    """Second order along both axes, summed: it keeps waves along one of them."""
    return second_order(x, 0)[:, 1:-1] + second_order(x, 1)[1:-1]
