"""What a saved model says of itself runs nothing."""

import shutil
import sys
from pathlib import Path

import numpy as np
import yaml

from my_ml_project import model
from my_ml_project.serving.commands import Serve
from my_ml_project.serving.deployment import Deployment, load

from .. import synthetic
from .conftest import NOWHERE

FORGED = {
    "python_function": {"loader_module": "evil", "code": "code", "data": "model.pkl"},
    "sklearn": {
        "code": "code",
        "pickled_model": "model.pkl",
        "serialization_format": "cloudpickle",
        "skops_trusted_types": ["builtins.exec"],
    },
}
EVIL = "from pathlib import Path\nPath('ran').touch()\n"
PICKLE = b"cbuiltins\nexec\n(Vopen('ran', 'w')\ntR."
"""Runs a line of Python where it is loaded."""


def test_neither_code_nor_a_pickle_that_it_names_is_loaded(
    exported: Path, deployed: Deployment, folder: Path
) -> None:
    forged = folder / "model"
    shutil.copytree(exported, forged)
    facts = yaml.safe_load((forged / "MLmodel").read_text(encoding="utf-8"))
    for flavor, values in FORGED.items():
        facts["flavors"].setdefault(flavor, {}).update(values)
    (forged / "MLmodel").write_text(yaml.safe_dump(facts), encoding="utf-8")
    (forged / "model.pkl").write_bytes(PICKLE)
    (forged / "code").mkdir()
    (forged / "code" / "evil.py").write_text(EVIL, encoding="utf-8")

    found = load(Serve(model=str(forged), tracking_uri=NOWHERE))

    rows = synthetic.rows(20, seed=3).iloc[:, :-1]
    expected = model.predict(deployed.model, rows)
    assert np.array_equal(model.predict(found.model, rows), expected)
    assert not Path("ran").exists()
    assert "evil" not in sys.modules
