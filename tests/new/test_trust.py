"""Whose code an update may run without being asked."""

from pathlib import Path

import pytest

from copier_ml.shared import source, trust

HERE = "https://github.com/copier-ml/copier-ml"


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("trust: [https://git.example.org/ours/]\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    monkeypatch.setattr(source, "installed", lambda: source.Source(HERE, None))


@pytest.mark.parametrize("address", [HERE, f"{HERE}.git", f"git+{HERE}", "gh:copier-ml/copier-ml"])
def test_the_template_that_copier_ml_came_from_is_trusted(address: str) -> None:
    assert trust.is_trusted(address)


def test_so_is_what_copiers_settings_name() -> None:
    assert trust.is_trusted("https://git.example.org/ours/template.git")


def test_the_forms_of_ssh_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = source.Source("ssh://git@git.example.org/ml/template.git", None)
    monkeypatch.setattr(source, "installed", lambda: ours)
    assert trust.is_trusted("git@git.example.org:ml/template.git")
    assert not trust.is_trusted("git@git.example.org:ml/other.git")


@pytest.mark.parametrize("address", [f"{HERE}-2", "https://git.example.org/theirs/x.git"])
def test_others_are_not(address: str) -> None:
    assert not trust.is_trusted(address)


def test_without_a_known_origin_nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> source.Source:
        raise ValueError("no Repository")

    monkeypatch.setattr(source, "installed", unknown)
    assert not trust.is_trusted(HERE)
