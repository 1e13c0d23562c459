"""0.5.0: what owners rewrite is theirs."""

from steps import HandOver

STEPS = [
    HandOver("config/base.yaml"),
    HandOver("config/prod.yaml"),
    HandOver("notebooks/errors.ipynb"),
    HandOver("src/{package_name}/data.py"),
    HandOver("src/{package_name}/hyperparameters.py"),
    HandOver("src/{package_name}/model.py"),
    HandOver("src/{package_name}/schema.py"),
    HandOver("tests/small.py"),
    HandOver("tests/test_data.py"),
    HandOver("tests/test_model.py"),
    HandOver("tests/test_schema.py"),
]
