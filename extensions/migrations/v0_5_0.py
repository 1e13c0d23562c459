"""0.5.0: what owners rewrite is theirs."""

from steps import MergeOnce

STEPS = [
    MergeOnce("config/base.yaml"),
    MergeOnce("config/prod.yaml"),
    MergeOnce("notebooks/errors.ipynb"),
    MergeOnce("src/{package_name}/data.py"),
    MergeOnce("src/{package_name}/hyperparameters.py"),
    MergeOnce("src/{package_name}/model.py"),
    MergeOnce("src/{package_name}/schema.py"),
    MergeOnce("tests/small.py"),
    MergeOnce("tests/test_data.py"),
    MergeOnce("tests/test_model.py"),
    MergeOnce("tests/test_schema.py"),
]
