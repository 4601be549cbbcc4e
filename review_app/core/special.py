"""scipy's special functions, of which scipy is imported when the first is called: it takes as long
as a fifth of what else a command imports, and few commands compute anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


def _of_scipy(name: str) -> Callable[..., Any]:
    @cache
    def function() -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(import_module("scipy.special"), name)
        return found

    def call(*given: Any, **options: Any) -> Any:
        return function()(*given, **options)

    call.__name__ = name
    return call


bdtr = _of_scipy("bdtr")
betainc = _of_scipy("betainc")
betainccinv = _of_scipy("betainccinv")
betaincinv = _of_scipy("betaincinv")
betaln = _of_scipy("betaln")
chdtri = _of_scipy("chdtri")
entr = _of_scipy("entr")
expit = _of_scipy("expit")
gammaln = _of_scipy("gammaln")
kolmogorov = _of_scipy("kolmogorov")
log_expit = _of_scipy("log_expit")
log_ndtr = _of_scipy("log_ndtr")
logit = _of_scipy("logit")
logsumexp = _of_scipy("logsumexp")
ndtr = _of_scipy("ndtr")
ndtri = _of_scipy("ndtri")
pdtr = _of_scipy("pdtr")
pdtrik = _of_scipy("pdtrik")
stdtr = _of_scipy("stdtr")
stdtrit = _of_scipy("stdtrit")
xlog1py = _of_scipy("xlog1py")
xlogy = _of_scipy("xlogy")
