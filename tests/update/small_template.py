"""A throw-away template with the migrations of ours, whose releases a test makes up."""

import json
from pathlib import Path
from typing import Any

import yaml
from conftest import ROOT, git
from owner import commit


def machinery() -> list[Path]:
    """List the files that every migration needs, and none that says what one version moved."""
    folder = ROOT / "extensions" / "migrations"
    return [path for path in sorted(folder.glob("*.py")) if not path.stem[1:2].isdigit()]


class Template:
    """A template of a few files, with the migrations of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any]
        folder.mkdir()
        ours = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
        self.settings = {"_subdirectory": "template", "_migrations": ours["_migrations"]}
        self.settings["package_name"] = {"default": "churn"}
        self.settings["_migrations"][0]["version"] = "0.0.0"
        answers = "{{ _copier_answers | to_nice_yaml }}"
        self.write("template/{{ _copier_conf.answers_file }}.jinja", answers)
        for source in machinery():
            self.write(f"extensions/migrations/{source.name}", source.read_text(encoding="utf-8"))

    def write(self, path: str, text: str | None) -> None:
        """Write a file, or remove it."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink() if text is None else target.write_bytes(text.encode())

    def release(self, version: str, *steps: str, **files: str | None) -> None:
        """Tag what the template has become; a key is a path in it."""
        if steps:
            names = {step.partition("(")[0] for step in steps}
            script = f"from steps import {', '.join(names)}\nSTEPS = [{', '.join(steps)}]\n"
            self.write(f"extensions/migrations/v{version.replace('.', '_')}.py", script)
            self.settings["_migrations"][0]["version"] = version
        self.write("copier.yml", json.dumps(self.settings))
        for path, text in files.items():
            self.write(f"template/{path}", text)
        commit(self.folder, version)
        git("tag", f"v{version}", folder=self.folder)
