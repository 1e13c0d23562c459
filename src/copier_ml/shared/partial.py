"""A partial clone, as ``git clone --filter`` makes: what it lacks is fetched at once.

Git fetches it file by file, and not at all where another repository borrows the objects.
"""

from .errors import describe
from .git import Git, GitError

FETCH = (
    "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags",
    "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none", "--stdin"
)  # fmt: skip
"""As Git itself fetches what lacks; the filter keeps the history out."""


def complete(git: Git) -> None:
    """Fetch the files of the commit that is checked out, where a clone lacks some.

    Raises:
        ValueError: They cannot be had.
    """
    found = git.attempt("config", "--get-regexp", r"^remote\..*\.promisor$", "^true$")
    if found.returncode:
        return
    remote = found.stdout.decode().split()[0].removeprefix("remote.").removesuffix(".promisor")
    tried = git.attempt("ls-tree", "-r", "--full-tree", "HEAD")  # Fetches folders.
    if not tried.returncode:
        listed = git.run("rev-list", "--objects", "--missing=print", "HEAD^{tree}").split("\n")
        missing = "".join(f"{line[1:]}\n" for line in listed if line.startswith("?"))
        tried = git.attempt(*FETCH, remote, stdin=missing) if missing else tried
    if tried.returncode:
        reason = (
            describe(GitError(tried, git.folder)).partition("fatal: ")[2].partition(" fatal: ")[0]
        )
        raise ValueError(
            f"{git.folder} is a partial clone: complete it with 'git fetch --refetch --no-filter' "
            f"once {remote} answers ({reason})"
        )
