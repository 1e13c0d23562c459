"""The commands about environments."""

from pydantic_settings import CliPositionalArg

from ..settings import Options


class Diff(Options):
    """Compare two environments: models:/name/3, runs:/ID, or a file that 'environment' wrote."""

    one: CliPositionalArg[str]
    """First environment."""

    other: CliPositionalArg[str]
    """Second environment."""

    def cli_cmd(self) -> None:
        from . import provenance

        print("\n".join(provenance.diff(self.one, self.other, self)) or "no differences")


class Restore(Options):
    """Restore an environment."""

    uri: CliPositionalArg[str]
    """Registered model, such as models:/name/3."""

    def cli_cmd(self) -> None:
        from . import provenance

        print(provenance.restore(self.uri, self))


COMMANDS = {
    "environment diff": Diff,
    "environment restore": Restore,
}
