"""The same checkpoint says the same of the same image, to the last bit, in any process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from review_app.detector.checkpoint import Checkpoint

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "default"
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from review_app.detector.checkpoint import Checkpoint
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
        environment = {"OPENBLAS_NUM_THREADS": threads, "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", SCRIPT, str(SHIPPED), str(out)]
        subprocess.run(command, check=True, env=environment)
        found.append(np.load(out))
    np.testing.assert_array_equal(found[0], found[1])
    checkpoint = Checkpoint.load(SHIPPED)
    features = np.random.default_rng(1).normal(size=(200, checkpoint.card.backbone.width))
    one = checkpoint.judge(features[:1].astype(np.float32))
    assert one.heads[checkpoint.default_head].p_fake[0] == found[0][0][0]
