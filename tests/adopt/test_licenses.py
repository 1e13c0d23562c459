"""A license is stated where it is surely the repository's; any other one stays as it is."""

import tomllib
from pathlib import Path

import pytest
from conftest import domain, git
from tiny import adopt, commit, license_text

from copier_ml.adopt.evidence import Evidence, Guess
from copier_ml.adopt.licenses import EXISTING, NOTICE, guess_license, guess_year, name_text
from copier_ml.shared import project

MIT = license_text("MIT")
BSD = license_text("BSD-3-Clause")
APACHE = license_text("Apache-2.0")
PYPROJECT = '[project]\nname = "churn"\n'
CLASSIFIERS = 'classifiers = ["License :: OSI Approved :: {}"]\n'
OFFERED = sorted({*domain("license")} - {EXISTING})


def evidence(folder: Path, files: dict[str, str]) -> Evidence:
    return Evidence(project.locate(commit(folder, files)))


@pytest.mark.parametrize("name", OFFERED)
def test_the_text_of_each_offered_license_is_known(name: str) -> None:
    assert name_text(license_text(name, holder="Ada Lovelace, Inc. and its affiliates")) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (MIT.replace("MIT License", "# The MIT License (MIT)"), "MIT"),
        (" ".join(MIT.partition("Permission")[1:]).replace("\n", " "), "MIT"),
        (MIT.replace("(c) 2020 Ada", "© 2019-2024 Ada. All rights reserved.\n(c) 2020 Bob"), "MIT"),
        (BSD.replace("the copyright holder nor", "Lovelace Labs nor"), "BSD-3-Clause"),
        (APACHE.replace("http:", "https:").replace("2020 Ada", "[yyyy] [name]"), "Apache-2.0"),
        (APACHE.partition("   APPENDIX")[0], "Apache-2.0"),
    ],
)
def test_a_text_may_differ_in_its_title_its_holder_and_its_lines(text: str, name: str) -> None:
    assert name_text(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "MIT License\n",
        MIT + "\nIt must not be used commercially.\n",
        "Commons Clause\n\n" + APACHE,
        APACHE + "\nThe model's weights are for research alone.\n",
        MIT.replace("Lovelace", "Lovelace. For research use only."),
        MIT.replace("and/or sell", "but not sell"),
        BSD.replace("3. Neither", "4. Neither").replace("promote", "support"),
        BSD.partition("3. Neither")[0] + "THIS SOFTWARE" + BSD.partition("THIS SOFTWARE")[2],
        "Copyright (c) 2020 Ada\n\nAll rights reserved.\n",
        "",
    ],
)
def test_a_text_with_other_terms_is_no_license_that_is_offered(text: str) -> None:
    assert name_text(text) == ""


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"LICENSE": MIT}, "MIT"),
        ({"COPYING": BSD, "setup.py": "setup(license='BSD')"}, "BSD-3-Clause"),
        ({"LICENSE.txt": APACHE, "pyproject.toml": PYPROJECT + "license.file = 'LICENSE.txt'\n"},
         "Apache-2.0"),
        ({"LEGAL": MIT, "pyproject.toml": PYPROJECT + "license = { file = 'LEGAL' }\n"}, "MIT"),
        ({"pyproject.toml": PYPROJECT + 'license = "MIT"\n'}, "MIT"),
        ({"pyproject.toml": PYPROJECT + f'license.text = """{MIT}"""\n'}, "MIT"),
        ({"pyproject.toml": PYPROJECT + CLASSIFIERS.format("MIT License")}, "MIT"),
        ({"pyproject.toml": '[tool.poetry]\nlicense = "LicenseRef-Proprietary"\n'}, "Proprietary"),
        ({"setup.cfg": "[metadata]\nlicense = Apache License, Version 2.0\n"}, "Apache-2.0"),
        ({"setup.py": "setup(license='BSD 3-Clause')"}, "BSD-3-Clause"),
        ({"LICENSE": MIT, "license_plates.py": "", "license-plates/a.txt": ""}, "MIT"),
    ],
)  # fmt: skip
def test_a_license_that_is_surely_offered_is_guessed(
    tmp_path: Path, files: dict[str, str], name: str
) -> None:
    assert guess_license(evidence(tmp_path / "p", files)).value == name


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README.md": "# Mine\n"}, "no license found"),
        ({"COPYING": "GNU GENERAL PUBLIC LICENSE\n"}, "COPYING: not"),
        ({"LICENSE": "For non-commercial use alone.\n"}, "LICENSE: not"),
        ({"LICENSE-CC-BY-SA": "Attribution-ShareAlike 4.0\n"}, "LICENSE-CC-BY-SA: not"),
        ({"LICENSE.APACHE": APACHE, "LICENSE.MIT": MIT},
         "several license files: LICENSE.APACHE, LICENSE.MIT"),
        ({"LICENSE": MIT, "LICENSES/MIT.txt": MIT}, "several license files: LICENSE, LICENSES/MIT"),
        ({"LICENSES/GPL-3.0-only.txt": "GNU\n"}, "LICENSES/GPL-3.0-only.txt: not"),
        ({"UNLICENSE": "public domain\n"}, "UNLICENSE: not"),
        ({"LICENSE": MIT, "setup.py": "setup(license='GPLv3')"}, "setup.py: not"),
        ({"LICENSE": MIT, "setup.cfg": "[metadata]\nlicense = Apache-2.0\n"},
         "LICENSE and setup.cfg name different licenses"),
        ({"pyproject.toml": PYPROJECT + 'license = "MIT OR Apache-2.0"\n'}, "pyproject.toml: not"),
        ({"pyproject.toml": PYPROJECT + CLASSIFIERS.format("BSD License")}, "pyproject.toml: not"),
        ({"pyproject.toml": '[tool.poetry]\nlicense = "Proprietary"\n'}, "pyproject.toml: not"),
        ({"setup.cfg": "[metadata]\nclassifiers =\n  License :: Other/Proprietary License\n"},
         "setup.cfg: not"),
        ({"setup.py": "setup(license='CC BY 4.0')"}, "setup.py: not"),
    ],
)  # fmt: skip
def test_any_other_license_stays_as_it_is_and_the_reason_is_told(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    found = guess_license(evidence(tmp_path / "p", files))
    assert found.value == EXISTING
    assert found.origin.startswith(reason)


@pytest.mark.parametrize(
    ("files", "year"),
    [
        ({"LICENSE": license_text("MIT", year=2017)}, Guess(2017, "LICENSE")),
        ({"LICENSE": license_text("Apache-2.0", year=2018)}, Guess(2018, "LICENSE")),
        ({"LICENSE": "Copyright (c) Lovelace Labs and their friends, 2019-2024\n"},
         Guess(2019, "LICENSE")),
        ({"COPYING": "GNU GPL\n\nCopyright (C) 2007 Free Software Foundation, Inc.\n"}, None),
        ({"LICENSE": "Copyright (c) Ada\n", "README.md": "Copyright (c) 2015 Bob\n"}, None),
    ],
)  # fmt: skip
def test_the_year_is_that_of_the_notice(
    tmp_path: Path, files: dict[str, str], year: Guess | None
) -> None:
    assert guess_year(evidence(tmp_path / "p", files)) == year


def test_terms_beside_the_copyright_are_no_notice() -> None:
    assert NOTICE.search("# Copyright (c) 2020 Ada\n")
    assert not NOTICE.search("Copyright (c) 2020 Ada. Non-commercial use only.\n")
    assert not NOTICE.search("The above copyright notice and this permission notice\n")


def test_an_adopted_repository_has_no_other_license_than_before(
    snapshot: Path, tmp_path: Path
) -> None:
    folder = commit(tmp_path / "churn", {"COPYING": "GNU GENERAL PUBLIC LICENSE\n"})
    assert adopt(snapshot, folder, "--yes") == 0
    branch = git("for-each-ref", "--format=%(refname)", "refs/heads/template", folder=folder)
    files = git("ls-tree", "--name-only", branch.strip(), folder=folder).split()
    assert "COPYING" in files
    assert "LICENSE" not in files
    text = git("show", f"{branch.strip()}:pyproject.toml", folder=folder)
    assert not {"license", "license-files"} & tomllib.loads(text)["project"].keys()
    assert "## License" not in git("show", f"{branch.strip()}:README.md", folder=folder)
