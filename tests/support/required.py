"""What a repository requires, checked for what holds whatever it was translated from."""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tiny import commit

from copier_ml.adopt import requirements
from copier_ml.adopt.evidence import Evidence
from copier_ml.adopt.requirements import Requirements
from copier_ml.shared import project


def evidence(folder: Path, files: dict[str, str]) -> Evidence:
    """Commit files, and give what they say."""
    return Evidence(project.locate(commit(folder / "churn", files)))


def translate(folder: Path, files: dict[str, str]) -> Requirements:
    """Translate, and check what holds for all: uv can read each requirement and each version."""
    found = requirements.translate(evidence(folder, files))
    lines = [*found.dependencies, *(line for lines in found.extras.values() for line in lines)]
    for group in found.groups.values():
        lines += [line for line in group if isinstance(line, str)]
        included = {line["include-group"] for line in group if isinstance(line, dict)}
        assert included <= found.groups.keys()
    assert {canonicalize_name(Requirement(line).name) for line in lines} <= set(found.origins)
    SpecifierSet(found.requires_python)
    return found


def reasons(found: Requirements) -> dict[str, str]:
    """Map each line that was not translated to the reason."""
    return {it.line: it.reason for it in found.untranslated}
