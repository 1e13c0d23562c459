"""Make a version the champion, or return to the one before."""

import os
from datetime import UTC, datetime

import mlflow

from .. import alerts, data, parts, tracking
from ..errors import UserError
from ..tracking import Version
from .commands import Promote, Run


def promote(settings: Promote | Run) -> str:
    """Make a version the champion that passed ``evaluate`` on the present rows.

    Returns:
        One line with the new champion and the old one.

    Raises:
        UserError: If it was not evaluated, failed, or was evaluated on other rows.
    """
    checksum = data.checksum(data.read(settings.data_path))
    with tracking.run("promote", settings) as run_id:
        version, champion = tracking.find(settings.model), tracking.champion()
        if champion and champion.uri == version.uri:
            return f"{version.uri} is the champion already"
        result = version.notes.get("evaluation")
        if result != "passed" or version.notes["evaluation_sha256"] != checksum:
            reasons = {"failed": "it failed 'evaluate'", "passed": "it was evaluated on other rows"}
            reason = reasons.get(result or "", "it was not evaluated")
            text = f"{version.uri} is not promoted: {reason}; run 'evaluate --model {version.uri}'"
            alerts.send(text, settings)
            raise UserError(text)
        tracking.note(version, promoted_from=champion.number if champion else "")
        mlflow.log_metrics(mlflow.get_run(version.notes["evaluation_run"]).data.metrics)
        _set_champion(version, champion, run_id, is_by_hand=not isinstance(settings, Run))
    return f"{version.uri} is the champion" + (f" instead of {champion.uri}" if champion else "")


def roll_back(settings: Promote) -> str:
    """Make the champion before this one the champion again.

    Returns:
        One line with both versions, and how to restore the environment if a part can.

    Raises:
        UserError: If there is no champion, or none before it.
    """
    with tracking.run("roll back", settings) as run_id:
        if (champion := tracking.champion()) is None:
            raise UserError("there is no champion; 'promote' makes one")
        if not (before := champion.notes.get("promoted_from")):
            raise UserError(f"{champion.uri} is the first champion; there is none before it")
        version = tracking.find(f"models:/{champion.name}/{before}")
        _set_champion(version, champion, run_id, is_by_hand=True)
    text = f"{version.uri} is the champion again, instead of {champion.uri}"
    if "environment restore" in parts.summaries():  # A part that this project may have.
        text += f"; 'environment restore {version.uri}' restores its environment"
    return text


def _set_champion(
    version: Version, champion: Version | None, run_id: str, *, is_by_hand: bool
) -> None:
    """Move the alias, and note with the versions and the run who did it, when and how."""
    user = mlflow.get_run(run_id).data.tags.get("mlflow.user", "unknown")
    user = os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN") or user
    facts = {"promoted_at": datetime.now(UTC).isoformat(timespec="seconds"), "promoted_by": user}
    before = champion.number if champion else ""
    mlflow.set_tags({**facts, "champion": version.number, "champion_before": before})
    tracking.note(version, **facts, replaced_by="")
    if champion:
        tracking.note(champion, replaced_by="hand" if is_by_hand else "run")
    mlflow.MlflowClient().set_registered_model_alias(version.name, "champion", version.number)
