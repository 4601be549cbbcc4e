"""The same checkpoint says the same of the same image, to the last bit, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from review_app.inference.checkpoint import Checkpoint

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "default"
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from review_app.inference.checkpoint import Checkpoint
checkpoint = Checkpoint.load(Path(sys.argv[1]))
features = np.random.default_rng(1).normal(size=(200, checkpoint.card.backbone.width))
judgement = checkpoint.judge(features.astype(np.float32))
head = checkpoint.default_head
np.save(sys.argv[2], np.stack([judgement.heads[head].p_fake, judgement.reject[head]]))
"""


def test_a_fresh_process_with_other_thread_settings_says_the_same(tmp_path: Path) -> None:
    found = []
    for threads in ("1", "4"):
        out = tmp_path / f"{threads}.npy"
        # The processor that BLAS takes this one for stays: another one sums in another order.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", SCRIPT, str(SHIPPED), str(out)]
        subprocess.run(command, check=True, env=environment)
        found.append(np.load(out))
    np.testing.assert_array_equal(found[0], found[1])
    checkpoint = Checkpoint.load(SHIPPED)
    features = np.random.default_rng(1).normal(size=(200, checkpoint.card.backbone.width))
    one = checkpoint.judge(features[:1].astype(np.float32))
    assert one.heads[checkpoint.default_head].p_fake[0] == found[0][0][0]


PROCESSOR = """
import sys
import numpy as np
from review_app.inference.heads.numerics import BLOCK, by_blocks
rng = np.random.default_rng(1)
for width, columns in ((50, 64), (1280, 50), (1280, 256), (333, 1)):
    weights = rng.normal(size=(width, columns)).astype(np.float32)
    row = rng.normal(size=(1, width)).astype(np.float32)
    turned = np.ascontiguousarray(weights.T).T
    for product in (lambda x: x @ weights, lambda x: x @ turned):
        said = set()
        for position in range(2 * BLOCK + 3):
            rows = rng.normal(size=(2 * BLOCK + 3, width)).astype(np.float32)
            rows[position] = row
            said.add(by_blocks(rows, columns, product)[:, position].tobytes())
        if len(said) > 1:
            sys.exit(f"{width} x {columns}: {len(said)} results for one row")
"""


@pytest.mark.parametrize("processor", ["Nehalem", "Haswell", "Zen"])
def test_no_processors_kernels_sum_by_where_a_row_lies(processor: str) -> None:
    if "avx2" not in _features():
        pytest.skip("this processor cannot stand in for the others")
    environment = {**os.environ, "OPENBLAS_CORETYPE": processor}
    told = subprocess.run(
        [sys.executable, "-c", PROCESSOR],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr


def _features() -> str:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8") if file.exists() else ""
