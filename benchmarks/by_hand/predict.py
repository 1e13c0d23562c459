"""Predict each row of a file, as a careful engineer would without the template."""

import mlflow
import mlflow.sklearn
import pandas as pd

rows = pd.read_parquet("data/digits.parquet").drop(columns="target")
mlflow.set_tracking_uri("sqlite:///by_hand/mlflow.db")
model = mlflow.sklearn.load_model("models:/by_hand/latest")
found = pd.DataFrame(model.predict_proba(rows), columns=model.classes_.astype(str))
found.insert(0, "prediction", model.classes_[found.to_numpy().argmax(axis=1)])
found.to_parquet("by_hand/predictions.parquet")
