"""Make a version the champion: the one that predictions and the service take by its alias."""

import getpass
import os
from datetime import UTC, datetime

from . import alerts, data, lineage, registry, restore, tracking
from .registry import Version
from .settings import Settings

NAMELESS = (KeyError, OSError)
"""What Python raises for a user without a name, as a container may run as one."""


def promote(settings: Settings) -> str:
    """Make a version the champion that passed ``evaluate`` on today's rows.

    Who did it, when, and instead of which version, is noted with it and in a run of its own.

    Returns:
        One line with the new champion and the old one.

    Raises:
        ValueError: If it did not pass, or someone else promotes at the same moment.
    """
    rows = data.read(settings.data_path)
    digest = data.digest(rows)
    with tracking.run("promote", settings):
        lineage.log(rows, settings.data_path, digest, "evaluate")
        version, champion = registry.find(settings.model), registry.champion()
        if champion and champion.uri == version.uri:
            return f"{version.uri} is the champion already"
        if reason := _refusal(version, digest):
            told = f"{version.uri} is not promoted: {reason}"
            alerts.send(told, settings)
            raise ValueError(told)
        registry.crown(version)
        before = champion.number if champion else ""
        registry.note(version, promoted_from=before, promoted_at=_now(), promoted_by=_who())
        tracking.describe(champion=version.number, champion_before=before, promoted_by=_who())
        tracking.log(tracking.scores(version.notes["evaluation_run"]))
    return f"{version.uri} is the champion" + (f" instead of {champion.uri}" if champion else "")


def roll_back(settings: Settings) -> str:
    """Make the champion before this one the champion again, and write its environment's lock.

    Returns:
        The new champion in one line, then how to install what it was made with.

    Raises:
        ValueError: If there is no champion, or none before it.
    """
    with tracking.run("roll back", settings):
        champion = registry.champion()
        if champion is None:
            raise ValueError("there is no champion: 'promote' makes one")
        before = champion.notes.get("promoted_from", "")
        if not before:
            raise ValueError(f"{champion.uri} is the first champion: there is none before it")
        version = registry.find(f"models:/{champion.name}/{before}")
        registry.crown(version)
        facts = {"champion": version.number, "champion_before": champion.number}
        tracking.describe(**facts, promoted_by=_who())
    try:
        how = restore.restore(version.uri, settings)
    except ValueError as error:
        how = f"its environment cannot be restored: {error}"
    return f"{version.uri} is the champion again, instead of {champion.uri}\n{how}"


def _refusal(version: Version, digest: str) -> str:
    """Say why a version must not be promoted; empty if it may."""
    verdict = version.notes.get("evaluation", "")
    if verdict == "failed":
        return "it failed 'evaluate'"
    if not verdict or version.notes.get("evaluation_sha256") != digest:
        how = "evaluated on other rows" if verdict else "not evaluated"
        return f"it was {how}; run 'evaluate --model {version.uri}' first"
    return ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _who() -> str:
    """Name who runs this: a CI system's word for it, or the user of the machine."""
    try:
        return os.environ.get("GITHUB_ACTOR") or getpass.getuser()
    except NAMELESS:
        return "unknown"
