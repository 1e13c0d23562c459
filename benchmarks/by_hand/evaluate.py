"""Score the registered model on the test rows, as a careful engineer would without the template."""

import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import train_test_split

rows = pd.read_parquet("data/digits.parquet")
features, target = rows.drop(columns="target"), rows["target"]
_, test, _, truth = train_test_split(
    features, target, test_size=0.2, random_state=0, stratify=target
)
mlflow.set_tracking_uri("sqlite:///by_hand/mlflow.db")
mlflow.set_experiment("by_hand")
with mlflow.start_run():
    model = mlflow.sklearn.load_model("models:/by_hand/latest")
    classes = model.predict(test)
    report = classification_report(truth, classes, output_dict=True)
    mlflow.log_metrics({"accuracy": report["accuracy"], "f1": report["macro avg"]["f1-score"]})
    mlflow.log_dict(report, "report.json")
    print(report["accuracy"], confusion_matrix(truth, classes), sep="\n")
