"""A tiny template with releases, and repositories of owners: the minimum for testing a command.

It has the shape of the real one, and renders in a tenth of its time.
"""

from pathlib import Path

from conftest import ROOT, git

from copier_ml.cli import main

QUESTIONS = """\
_subdirectory: template
_skip_if_exists: [CHANGELOG.md]
project_name: {type: str, default: My Project}
package_name:
  type: str
  default: "{{ project_name | lower | replace(' ', '_') }}"
  validator: "{% if package_name == 'data' %}{{ package_name }} is taken.{% endif %}"
license: {type: str, choices: [MIT, Proprietary], default: MIT}
has_gpu: {type: bool, default: false, when: "{{ license == 'MIT' }}"}
features: {type: str, multiselect: true, choices: [docs, notebooks], default: []}
"""

FILES = {
    "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}\n",
    "CHANGELOG.md": "# Changes\n",
    "LICENSE.jinja": "{{ license }}\n",
    "README.md.jinja": "# {{ project_name }}\n",
    "docs/index.md": "# Read this\n",
    "pyproject.toml.jinja": '[project]\nname = "{{ package_name }}"\nversion = "0.1.0"\n',
    "src/{{ package_name }}/__init__.py": "",
    "src/{{ package_name }}/train.py": "first = 1\n\n\n\n\n\nlast = 1\n",
}


def license_text(name: str, year: int = 2020, holder: str = "Ada Lovelace") -> str:
    """Return the text of a license that the real template offers."""
    text = (ROOT / "variants" / "license" / f"{name}.txt").read_text(encoding="utf-8")
    placed = text.replace("{{ copyright_year }}", str(year))
    return placed.replace("{{ plan.copyright_holder }}", holder)


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files, and the folders that they are in."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def commit(folder: Path, files: dict[str, str], message: str = "work") -> Path:
    """Write files and commit all that is there, in a repository that is made if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, files)
    git("init", "--quiet", folder=folder)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--allow-empty", "--message", message, folder=folder)
    return folder


def release(folder: Path, version: str, files: dict[str, str]) -> Path:
    """Make a release of a template."""
    commit(folder, {f"template/{path}": text for path, text in files.items()}, version)
    git("tag", version, folder=folder)
    return folder


def make_template(folder: Path) -> Path:
    """Make the template with v1.0.0 and v1.1.0; the later one changes ``train.py``."""
    write(folder, {"copier.yml": QUESTIONS})
    release(folder, "v1.0.0", FILES)
    later = {"src/{{ package_name }}/train.py": "first = 1\n\n\n\n\n\nlast = 2\n"}
    return release(folder, "v1.1.0", later | {"src/{{ package_name }}/tune.py": "steps = 3\n"})


def adopt(template: Path, project: Path, *options: str) -> int:
    """Bring a repository under a template, and return the exit code."""
    named = ["--template", str(template), "--trust"]
    return main(["adopt", str(project), *named, *options])
