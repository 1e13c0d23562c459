"""Unit tests of extensions/plan.py: no rendering, no files, milliseconds."""

import re
from typing import Any

import pytest
from conftest import domain, every_variant, label, questions
from loaded import matrix, packages, plan

ANSWERS = {
    "project_name": "Churn Model",
    "package_name": "churn_model",
    "license": "MIT",
    "forge": "github",
    "dependency_bot": "dependabot",
    "framework": "sklearn",
    "python_version": "3.12",
    "cuda_version": "none",
    "package_index": "public",
    "package_index_name": "internal",
    "pytorch_index_url": "https://example.org/whl",
    "profile": "everything",
}


def make(**answers: Any) -> Any:
    return make_of(ANSWERS | answers)


def make_of(answers: dict[str, Any]) -> Any:
    """Make a plan as its hook does."""
    answers = plan.leave_code(answers)
    stack = matrix.stack_for(answers)
    return plan.make_plan(answers, stack, packages.packages_for(answers, stack))


def test_names_follow_from_the_package() -> None:
    assert make().distribution == "churn-model"
    assert make().env_prefix == "CHURN_MODEL_"


def test_what_needs_an_accelerator_is_in_an_extra_alone() -> None:
    for framework, package in (("pytorch", "torch"), ("jax", "jax")):
        found = make(framework=framework, cuda_version="13.0")
        assert found.has_extras
        assert found.has_cuda
        for requirements in found.packages.extras.values():
            assert any(line.startswith(package) for line in requirements)
        assert not any(package in line for line in found.dependencies)
    assert not make(framework="sklearn").has_extras


def test_the_lock_ends_at_the_newest_python_that_is_served() -> None:
    markers = make().environments
    assert len(markers) == 4
    assert all(marker.endswith("and python_full_version < '3.15'") for marker in markers)
    assert make(python_version="3.13").pythons == ["3.13", "3.14"]


def choose(*parts: str, **answers: Any) -> Any:
    return make(profile="choose", features=list(parts), **answers)


def test_a_profile_names_its_parts() -> None:
    assert make(profile="minimal").parts == []
    assert make(profile="standard").parts == [
        "containers",
        "docs",
        "promotion",
        "report",
        "serving",
    ]
    assert set(make(profile="everything").parts) == set(plan._read_choices()["features"])


def test_features_count_where_they_are_asked_for_alone() -> None:
    assert choose("serving", "docs").parts == ["docs", "serving"]
    assert choose().parts == []
    assert make(profile="minimal", features=["docs"]).parts == []


def test_an_answer_from_before_there_were_profiles_leaves_out_what_it_left_out() -> None:
    old = {name: answer for name, answer in ANSWERS.items() if name != "profile"}
    every = set(make().parts)
    assert set(make_of(old | {"features": ["docs", "notebooks"]}).parts) == every - {"devcontainer"}
    assert set(make_of(old | {"features": []}).parts) == every - plan.FIRST_FEATURES
    assert set(make_of(old).parts) == every - plan.FIRST_FEATURES


def test_a_part_brings_its_facts() -> None:
    bare, full = make(profile="minimal"), make()
    for part in ("containers", "docs", "notebooks", "promotion", "serving"):
        assert not getattr(bare, f"has_{part}")
        assert getattr(full, f"has_{part}")
        assert getattr(choose(part), f"has_{part}")


def test_a_part_brings_its_group() -> None:
    assert {"docs", "notebooks", "tracking"} < make().groups.keys()
    assert not {"docs", "notebooks", "tracking"} & make(profile="minimal").groups.keys()


def test_an_extra_serves_one_part() -> None:
    assert {*make(profile="minimal").extras} == {"remote"}
    assert {*make(profile="standard").extras} == {"remote", "report", "serving"}
    assert {*choose("tuning").extras} == {"remote", "tuning"}
    asked = {line for lines in make().extras.values() for line in lines}
    assert asked <= {*make().groups["dev"]}
    assert not any("shap" in line for line in choose("tuning").groups["dev"])


def test_each_part_alone_brings_its_paths_and_no_others() -> None:
    rows = plan._read_choices()["features"]
    for name, row in rows.items():
        paths = {f"/{path.format(package='churn_model').rstrip('/')}" for path in row["paths"]}
        absent = set(choose(name, forge="github").absent_paths)
        assert not paths & absent, name
        without = set(choose(*(rows.keys() - {name})).absent_paths)
        assert paths <= without, name


def test_the_owners_files_of_a_part_come_with_it() -> None:
    space = "/src/churn_model/tuning/space.py"
    assert space in choose("tuning").owned_paths
    assert space not in make(profile="standard").owned_paths
    assert "/notebooks/*.ipynb" in make().owned_paths
    assert "/src/churn_model/schema.py" in make(profile="minimal").owned_paths


def test_paths_of_what_was_not_chosen_are_absent() -> None:
    absent = choose("docs", forge="none").absent_paths
    assert {"/.github", "/notebooks", "/.devcontainer"} <= set(absent)
    assert "/docs" not in absent


GIT = "git+https://git.example.org/ml/template.git"
OURS = "https://github.com/copier-ml/copier-ml"
HASH = "0123abc"


@pytest.mark.parametrize(
    ("address", "commit", "tool", "newest"),
    [
        (OURS, "v0.8.0", "copier-ml==0.8.0", "copier-ml@latest"),
        (f"{OURS}.git", "v0.8.0", "copier-ml==0.8.0", "copier-ml@latest"),
        (f"git+{OURS}.git", "v0.8.0", "copier-ml==0.8.0", "copier-ml@latest"),
        ("gh:copier-ml/copier-ml", "v0.8.0", "copier-ml==0.8.0", "copier-ml@latest"),
        (OURS, f"v0.8.0-3-g{HASH}", f"git+{OURS}@{HASH}", f"git+{OURS}"),
        (OURS, HASH, f"git+{OURS}@{HASH}", f"git+{OURS}"),
        (GIT, "v0.8.0", f"{GIT}@v0.8.0", GIT),
        (GIT, f"v0.8.0-rc-1-3-g{HASH}", f"{GIT}@{HASH}", GIT),
        (GIT, "", GIT, GIT),
        (
            "/srv/template.git",
            "v1",
            "git+file:///srv/template.git@v1",
            "git+file:///srv/template.git",
        ),
        ("/srv/template", "v1", "file:///srv/template", "file:///srv/template"),
        ("", "", "copier-ml", "copier-ml@latest"),
    ],
)
def test_the_tool_has_the_version_that_made_the_project(
    address: str, commit: str, tool: str, newest: str
) -> None:
    found = make(_src_path=address, _commit=commit)
    assert (found.tool, found.newest_tool) == (tool, newest)


@pytest.mark.parametrize(
    ("address", "tool"),
    [
        ("https://example.org/a/b.git", "git+https://example.org/a/b.git"),
        ("gh:a/b", "git+https://github.com/a/b"),
        ("gl:/a/b.git", "git+https://gitlab.com/a/b.git"),
        ("git@example.org:a/b.git", "git+ssh://git@example.org/a/b.git"),
        ("git+git@example.org:/srv/a", "git+ssh://git@example.org/srv/a"),
        ("ssh://git@example.org:22/a/b", "git+ssh://git@example.org:22/a/b"),
        ("git+file:///srv/a", "git+file:///srv/a"),
        ("C:\\my templates\\a", "file:///C:/my%20templates/a"),
        (
            """/it's "a" $HOME; `b` {{ c }}\n""",
            "file:///it%27s%20%22a%22%20%24HOME%3B%20%60b%60%20%7B%7B%20c%20%7D%7D%0A",
        ),
        ("~/template", "~/template"),
        ("../template", "../template"),
    ],
)
def test_an_address_of_copier_becomes_one_of_uvx(address: str, tool: str) -> None:
    assert make(_src_path=address).tool == tool


@pytest.mark.parametrize(
    ("address", "tool"),
    [
        ("torch", "git+torch"),
        ("ml/template", "git+ml%2Ftemplate"),
        (
            "https:/github.com/copier-ml/copier-ml",
            "git+https%3A%2Fgithub.com%2Fcopier-ml%2Fcopier-ml",
        ),
        ("git@example.org", "git+git%40example.org"),
    ],
)
def test_what_is_no_address_becomes_neither_a_package_nor_a_folder(address: str, tool: str) -> None:
    assert make(_src_path=address).tool == tool


def test_tools_come_from_the_mirror_alone() -> None:
    at = {"package_index_url": "https://packages.example.org/simple"}
    mirror = "uvx --default-index internal=https://packages.example.org/simple"
    assert make().uvx == "uvx"
    assert make(package_index="private", package_index_auth="keyring", **at).uvx == "uvx"
    assert make(package_index="mirror", package_index_auth="token", **at).uvx == mirror
    found = make(package_index="mirror", package_index_auth="keyring", **at)
    assert found.uvx == f"{mirror} --keyring-provider subprocess"


def test_the_answered_python_is_the_oldest_that_is_claimed() -> None:
    claimed = [line for line in make(python_version="3.13").classifiers if ":: 3.1" in line]
    assert [line.rsplit(" ")[-1] for line in claimed] == ["3.13", "3.14"]


@pytest.mark.parametrize(
    ("name", "email", "author"),
    [
        ("Ada", "ada@example.org", [{"name": "Ada", "email": "ada@example.org"}]),
        ("Ada", "", [{"name": "Ada"}]),
        ("", "ada@example.org", [{"email": "ada@example.org"}]),
        ("", "", []),
    ],
)
def test_an_author_is_what_was_answered(name: str, email: str, author: list[Any]) -> None:
    assert make(author_name=name, author_email=email).authors == author


def test_the_license_names_the_author_or_the_project() -> None:
    assert make(author_name="Ada").copyright_holder == "Ada"
    assert make().copyright_holder == "the authors of Churn Model"


def test_a_proprietary_project_cannot_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in make(license="Proprietary").classifiers
    assert make(license="Proprietary").license == "LicenseRef-Proprietary"


def test_a_license_that_exists_is_neither_stated_nor_written() -> None:
    found = make(license="existing")
    assert found.license == ""
    assert "/LICENSE" in found.absent_paths
    assert found.classifiers == make().classifiers
    assert not any("/LICENSE" in make(license=it).absent_paths for it in ("MIT", "Proprietary"))


@pytest.mark.parametrize("minor", domain("python_version"))
def test_an_image_is_built_on_the_answered_python(minor: str) -> None:
    assert re.fullmatch(rf"{minor}\.\d+-slim-trixie", make(python_version=minor).image)


def test_a_service_has_byte_code_for_its_framework() -> None:
    for framework, module in (
        ("sklearn", "sklearn.ensemble"),
        ("xgboost", "xgboost"),
        ("lightgbm", "lightgbm"),
        ("pytorch", "torch"),
        ("jax", "optax"),
    ):
        assert {module, "fastapi"} < {*make(framework=framework).served}


def test_torch_compile_alone_needs_a_compiler() -> None:
    assert "gcc" in make(framework="pytorch").system
    assert make(framework="jax").system == make(framework="xgboost").system == make().system == []


def test_lightgbm_needs_openmp() -> None:
    assert make(framework="lightgbm").libraries == ["libgomp1"]


def test_workflows_are_where_the_checks_run() -> None:
    assert make().has_workflows
    assert make().has_image_workflows
    assert not make(profile="minimal").has_image_workflows
    assert not make(forge="none").has_workflows


def test_urls_and_badge_follow_the_repository() -> None:
    assert make().urls == {}
    assert make().badge == ""
    found = make(repository_url="https://github.com/ada/churn")
    assert found.urls["Repository"] == "https://github.com/ada/churn"
    assert found.badge.startswith("https://github.com/ada/churn/")
    assert found.checks == "https://github.com/ada/churn/actions/workflows/ci.yml"
    nowhere = make(repository_url="https://example.org/ada/churn", forge="none")
    assert nowhere.badge == nowhere.checks == ""
    assert nowhere.urls["Issues"] == "https://example.org/ada/churn/issues"
    lab = make(repository_url="https://gitlab.com/ada/churn", forge="gitlab")
    assert lab.urls.keys() == {"Issues", "Repository"}
    assert lab.urls["Issues"] == "https://gitlab.com/ada/churn/-/issues"
    assert lab.badge == "https://gitlab.com/ada/churn/badges/main/pipeline.svg"


def test_a_forge_has_its_files_and_no_other() -> None:
    lab = make(forge="gitlab").absent_paths
    assert "/.github" in lab
    assert "/.gitlab-ci.yml" not in lab
    assert make(forge="gitlab").has_pipelines
    assert make(forge="gitlab").has_image_pipelines
    assert not make(forge="gitlab").has_image_workflows
    assert not make().has_pipelines
    assert "/.gitlab-ci.yml" in make().absent_paths


def test_the_answer_to_a_question_that_had_another_name_counts() -> None:
    old = {name: answer for name, answer in ANSWERS.items() if name != "forge"}
    assert make_of(old | {"ci": "github"}) == make()
    assert make_of(ANSWERS | {"ci": "none"}) == make()


def test_answers_that_an_older_project_lacks_leave_things_out() -> None:
    found = make_of({"project_name": "Churn", "package_name": "churn"})
    assert "/docs" in found.absent_paths
    assert found.license == ""


@pytest.mark.parametrize("answers", every_variant(), ids=label)
def test_requirements_are_unique_and_sorted_but_for_the_last_two(answers: dict[str, Any]) -> None:
    found = make(**answers)
    for requirements in (found.dependencies, *found.extras.values(), *found.groups.values()):
        in_order = sorted(set(requirements))
        assert requirements in (in_order, [*in_order[:-2], *reversed(in_order[-2:])])
    for requirements in found.packages.extras.values():
        assert requirements == sorted(requirements)


def test_the_list_of_requirements_is_not_sorted_in_any_way_that_uv_knows() -> None:
    for framework in domain("framework"):
        found = make(framework=framework)
        for requirements in (found.dependencies, found.groups["dev"]):
            names = [re.split(r"[^\w-]", requirement)[0] for requirement in requirements]
            assert names != sorted(names)
            assert requirements != sorted(requirements)


def test_a_list_of_one_or_none_is_left_as_it_is() -> None:
    assert plan._appendable([]) == []
    assert plan._appendable(["a"]) == ["a"]
    assert plan._appendable(["c", "a", "b"]) == ["a", "c", "b"]


def test_a_bot_is_named_where_its_file_is() -> None:
    assert make(dependency_bot="renovate").bot == "Renovate"
    assert make(dependency_bot="none").bot == ""
    assert make(dependency_bot="renovate", forge="none").bot == "Renovate"
    assert make(dependency_bot="dependabot").bot == "Dependabot"
    assert make(dependency_bot="dependabot", forge="none").bot == ""
    assert make_of({"project_name": "Churn", "package_name": "churn"}).bot == ""


def test_only_the_chosen_bot_has_its_file() -> None:
    files = {"/.github/dependabot.yml", "/.renovaterc.json"}
    left_out = {
        bot: files & set(make(dependency_bot=bot).absent_paths) for bot in domain("dependency_bot")
    }
    assert left_out["dependabot"] == {"/.renovaterc.json"}
    assert left_out["renovate"] == {"/.github/dependabot.yml"}
    assert left_out["none"] == files
    assert "/.github" in make(forge="none").absent_paths


def test_rules_for_packages_follow_from_what_is_chosen() -> None:
    cuda = {"framework": "pytorch", "cuda_version": "13.0"}
    assert 'exceptions."nvidia-*"' not in make(framework="pytorch").rules
    assert make(**cuda).rules.keys() == {
        'denied."pycrypto"',
        'denied."sklearn"',
        'exceptions."cuda-toolkit"',
        'exceptions."huey"',
        'exceptions."nvidia-*"',
        'exceptions."psycopg*"',
        'exceptions."skops"',
    }
    assert all(row["reason"] for row in make(**cuda).rules.values())
    assert "GPL-3.0-only" not in make().licenses


def test_rows_and_choices_agree() -> None:
    rows = {name: set(table) for name, table in plan._read_choices().items() if name != "always"}
    asked = {name: question for name, question in questions().items() if "choices" in question}
    del asked["cuda_version"]  # Its rows are in cuda.toml.
    del asked["profile"]  # Each part says which profiles it is in.
    assert rows.pop("code") == {"template", "own"}  # It is never asked.
    assert rows.keys() == asked.keys()
    for name, row in rows.items():
        values = domain(name)
        assert row == {
            v for value in values for v in (value if isinstance(value, list) else [value])
        }


def test_a_repository_with_code_of_its_own_gets_what_surrounds_it() -> None:
    own = make(code="own", framework="pytorch", cuda_version="13.0", profile="everything")
    assert own.parts == ["containers", "devcontainer", "docs"]
    assert (own.dependencies, own.extras, own.stack.builds) == ([], {}, {})
    assert {"/src", "/tests", "/config", "/compose.yaml", "/notebooks"} <= {*own.absent_paths}
    assert not {"/Dockerfile", "/.github/workflows/checks.yml", "/docs"} & {*own.absent_paths}
    assert "mlflow>=3.17" not in {line for lines in own.groups.values() for line in lines}
    assert not own.has_services


def test_a_project_without_the_answer_has_the_templates_code() -> None:
    assert make().code == "template"
    assert "/.github/workflows/checks.yml" in make().absent_paths
    assert make() == make(code="template")
