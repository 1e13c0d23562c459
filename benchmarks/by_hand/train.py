"""Train and register a model as a careful engineer would without the template.

`usual` as argument lets MLflow infer the requirements and the signature, as most scripts do.
"""

import sys
from importlib.metadata import version

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split

TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
PACKAGES = ["mlflow-skinny", "numpy", "pandas", "scikit-learn", "skops"]

rows = pd.read_parquet("data/digits.parquet")
features, target = rows.drop(columns="target"), rows["target"]
train, test, known, truth = train_test_split(
    features, target, test_size=0.2, random_state=0, stratify=target
)
mlflow.set_tracking_uri("sqlite:///by_hand/mlflow.db")
mlflow.set_experiment("by_hand")
with mlflow.start_run():
    model = HistGradientBoostingClassifier(early_stopping=False, random_state=0).fit(train, known)
    mlflow.log_params(model.get_params())
    probabilities = model.predict_proba(test)
    classes = model.classes_[probabilities.argmax(axis=1)]
    mlflow.log_metrics(
        {
            "accuracy": accuracy_score(truth, classes),
            "f1": f1_score(truth, classes, average="macro"),
            "log_loss": log_loss(truth, probabilities),
        }
    )
    facts = {}
    if "usual" not in sys.argv:
        facts = {
            "signature": infer_signature(test, probabilities),
            "pip_requirements": [f"{name}=={version(name)}" for name in PACKAGES],
        }
    mlflow.sklearn.log_model(
        model,
        name="model",
        input_example=train.head(),
        registered_model_name="by_hand",
        pyfunc_predict_fn="predict_proba",
        serialization_format="skops",
        skops_trusted_types=TRUSTED,
        **facts,
    )
