"""Promote a version to champion, or roll back to the previous one."""

import os
from datetime import UTC, datetime

import mlflow

from .. import alerts, data, parts, tracking
from ..errors import UserError
from ..tracking import Version
from .commands import Promote, Run


def promote(settings: Promote | Run) -> str:
    """Promote a version that passed ``evaluate`` on the current rows to champion.

    Returns:
        One line with the new and the old champion.

    Raises:
        UserError: If it was not evaluated, failed, or was evaluated on other data.
    """
    with tracking.connection(settings):
        version, champion = tracking.find(settings.model), tracking.champion()
    if champion and champion.uri == version.uri:
        return f"{version.uri} is the champion already"
    checksum = data.checksum(data.read(settings.data_path))
    with tracking.run("promote", settings) as run_id:
        result = version.notes.get("evaluation")
        if result != "passed" or version.notes["evaluation_sha256"] != checksum:
            reasons = {"failed": "it failed 'evaluate'", "passed": "it was evaluated on other data"}
            reason = reasons.get(result or "", "it was not evaluated")
            text = f"{version.uri} is not promoted: {reason}; run 'evaluate --model {version.uri}'"
            alerts.send(text, settings)
            raise UserError(text)
        tracking.note(version, promoted_from=champion.number if champion else "")
        mlflow.log_metrics(mlflow.get_run(version.notes["evaluation_run"]).data.metrics)
        _set_champion(version, champion, run_id, is_by_hand=not isinstance(settings, Run))
    return f"{version.uri} is the champion" + (f" instead of {champion.uri}" if champion else "")


def roll_back(settings: Promote) -> str:
    """Restore the previous champion.

    Returns:
        One line with both versions, and the command that restores its environment, if any.

    Raises:
        UserError: If there is no champion, or no previous one.
    """
    with tracking.run("rollback", settings) as run_id:
        if (champion := tracking.champion()) is None:
            raise UserError("there is no champion; 'promote' sets one")
        if not (before := champion.notes.get("promoted_from")):
            raise UserError(f"{champion.uri} is the first champion; there is no previous one")
        version = tracking.find(f"models:/{champion.name}/{before}")
        _set_champion(version, champion, run_id, is_by_hand=True)
    text = f"{version.uri} is the champion again, instead of {champion.uri}"
    if "environment restore" in parts.summaries():  # An optional part.
        text += f"; 'environment restore {version.uri}' restores its environment"
    return text


def _set_champion(
    version: Version, champion: Version | None, run_id: str, *, is_by_hand: bool
) -> None:
    """Move the alias, and record user, time and reason with both versions and the run."""
    user = mlflow.get_run(run_id).data.tags.get("mlflow.user", "unknown")
    user = os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN") or user
    facts = {"promoted_at": datetime.now(UTC).isoformat(timespec="seconds"), "promoted_by": user}
    before = champion.number if champion else ""
    mlflow.set_tags({**facts, "champion": version.number, "champion_before": before})
    tracking.note(version, **facts, replaced_by="")
    if champion:
        tracking.note(champion, replaced_by="hand" if is_by_hand else "run")
    mlflow.MlflowClient().set_registered_model_alias(version.name, "champion", version.number)
