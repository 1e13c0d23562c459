"""Partial clones (``git clone --filter``): fetch all missing files at once.

Git itself fetches them one by one, and not at all if another repository borrows the objects.
"""

from .errors import describe
from .git import Git, GitError

FETCH = (
    "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags",
    "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none", "--stdin"
)  # fmt: skip
"""Git's own options for missing objects; the filter excludes the history."""


def complete(git: Git) -> None:
    """Fetch missing files of the current commit.

    Raises:
        ValueError: They are not available.
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
            f"{git.folder} is a partial clone and {remote} does not answer ({reason}); run 'git "
            "fetch --refetch --no-filter' when it does"
        )
