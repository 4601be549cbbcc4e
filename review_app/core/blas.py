"""NumPy's library of matrices, BLAS, and its threads."""

from __future__ import annotations

from functools import cache


@cache
def one_blas_thread() -> None:
    """Keep NumPy's BLAS on one thread for as long as the process lasts, as torch is.

    Work is parallel over images. The matrices of each are so small that more threads only wait for
    each other, and they would add in another order.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1, user_api="blas")
