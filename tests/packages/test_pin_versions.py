"""Which versions all stacks share, and which belong to one."""

from loaded import load_script, matrix

pins = load_script("pin_versions")


def test_what_stacks_disagree_on_belongs_to_each_of_them() -> None:
    common, rest = pins.split(
        {
            pins.BASE: {"numpy": {"2.5.4": ""}},
            "pytorch-12.6": {
                "numpy": {"2.5.4": ""},
                "sympy": {"1.14": ""},
                "torch": {"2.14.1": ""},
            },
            "pytorch-13.0": {
                "numpy": {"2.5.4": ""},
                "sympy": {"1.14": ""},
                "torch": {"2.15.0": ""},
            },
        }
    )
    assert common == {"numpy": {"2.5.4": ""}, "sympy": {"1.14": ""}}
    assert rest == {
        "pytorch-12.6": {"torch": {"2.14.1": ""}},
        "pytorch-13.0": {"torch": {"2.15.0": ""}},
    }


def test_every_stack_is_pinned_at_the_oldest_python_that_it_serves() -> None:
    stacks = pins.stacks()
    assert stacks["jax-13.0"]["python_version"] == "3.12"
    assert stacks["pytorch-12.6"]["python_version"] == "3.11"
    assert stacks["xgboost-none"]["python_version"] == "3.11"
    assert not {"jax-13.2", "xgboost-13.0", pins.BASE} & stacks.keys()
    for answers in stacks.values():
        has_builds = bool(matrix.stack_for(answers).builds)
        assert has_builds == matrix.has_cuda(answers["framework"])


def test_every_stack_that_differs_has_its_file() -> None:
    files = {path.stem for path in (pins.EXTENSIONS / "versions").iterdir()}
    assert files <= set(pins.stacks())
    assert "pytorch-13.0" in files
