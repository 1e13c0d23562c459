"""The command ``new``: create a project from the template, or leave nothing behind."""

import os
import re
import shlex
import shutil
import subprocess
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import plumbum

from copier_ml.import_data import command as import_data
from copier_ml.shared import consent, disk, options, progress, source, uv, workspace
from copier_ml.shared.copying import make_worker, refuse_unknown, run_copy
from copier_ml.shared.errors import describe
from copier_ml.shared.git import Git

if TYPE_CHECKING:
    from copier._main import Worker


def run(args: Namespace) -> None:
    """Create a project in a new folder."""
    if args.table:
        import_data.check(args.table)
    if bool(args.table) != bool(args.target):
        raise ValueError("--table and --target go together: the data, and the column to predict")
    workspace.refuse_member(args.dest)
    answers = _read_data_file(args.data_file) | dict(args.data)
    template = source.chosen(args.template, args.vcs_ref)
    say = (lambda _: None) if args.quiet else progress.say
    say("Fetching the template")
    with (
        disk.naming(args.dest),
        _all_or_nothing(args.dest, overwrite=args.overwrite),
        make_worker(
            before_tasks=lambda: say("Locking dependencies"),
            src_path=template.address,
            dst_path=args.dest,
            vcs_ref=template.ref,
            data=answers,
            user_defaults=_name_after(args.dest) | _suggest_forge(args.dest),
            defaults=args.defaults,
            overwrite=args.overwrite,
            quiet=args.quiet or not args.verbose,
            skip_tasks=args.skip_tasks,
            cleanup_on_error=False,  # It misses Ctrl-C; _all_or_nothing does not.
            unsafe=True,  # The template is ours, or the user named it.
        ) as worker,
    ):
        refuse_unknown(answers, _read_questions(worker))
        is_repository = (args.dest / ".git").exists()
        n_before = _count_files(args.dest)
        run_copy(worker)
        n_created = _count_files(args.dest) - n_before
        if args.table:
            say(f"Importing {args.table.name}")
            import_data.load(args.dest.resolve(), worker.answers.combined["package_name"], args)
            if not is_repository:
                _commit(args.dest, f"feat: import {args.table.name}")
    consent.remember(args.dest)
    if not args.quiet:
        print(f"Created {n_created} files in {args.dest}.")
        _print_next_steps(args.dest, worker.answers.combined, is_ready=bool(args.table))


def _count_files(folder: Path) -> int:
    """Count the files in a folder, without those of Git."""
    return sum(len(files) for path, _, files in os.walk(folder) if ".git" not in Path(path).parts)


def _name_after(dest: Path) -> dict[str, str]:
    """Suggest the folder's name as the project's, if it consists of plain words."""
    words = re.split(r"[-_. ]+", dest.resolve().name)
    title = " ".join(word[:1].upper() + word[1:] for word in words)
    return {"project_name": title} if re.fullmatch(r"[A-Za-z][A-Za-z0-9 ]{0,49}", title) else {}


def _suggest_forge(dest: Path) -> dict[str, str]:
    """Suggest no workflows below the top of a repository, where no CI platform reads them."""
    above = next(folder for folder in dest.absolute().parents if folder.is_dir())
    if (dest / ".git").exists() or not shutil.which("git"):
        return {}
    is_inside = not Git(above).attempt("rev-parse", "--is-inside-work-tree").returncode
    return {"forge": "none", "dependency_bot": "none"} if is_inside else {}


def _read_data_file(path: Path | None) -> dict[str, Any]:
    """Read answers from YAML; of an answers file, leave out Copier's own entries."""
    from yaml import safe_load

    if path is None:
        return {}
    with path.open("rb") as stream:
        answers = safe_load(stream)
    if not isinstance(answers, dict):
        raise ValueError(f"{path} has no answers; write one `question: answer` per line")
    return {name: answers[name] for name in answers if name not in ("_commit", "_src_path")}


@contextmanager
def _all_or_nothing(dest: Path, *, overwrite: bool) -> Iterator[None]:
    """Refuse a non-empty ``dest``; restore an empty one if the block fails."""
    for path in (dest, *dest.parents):
        if path.is_symlink() and not path.exists():
            raise ValueError(f"{path} is a broken link; remove it, or choose another folder")
    if dest.exists() and not dest.is_dir():
        raise ValueError(f"{dest} is a file; choose a folder that does not exist")
    if (found := _list_occupants(dest)) and not overwrite:
        raise ValueError(f"{dest} has {found[0].name}; choose another folder or add --overwrite")
    missing = [folder for folder in (dest, *dest.parents) if not folder.exists()]
    with ExitStack() as undo:
        if not found:
            undo.callback(_undo, dest, missing)
        yield
        undo.pop_all()


def _list_occupants(folder: Path) -> list[Path]:
    """List the contents of a folder, except ``.git``."""
    return sorted(p for p in folder.iterdir() if p.name != ".git") if folder.exists() else []


def _undo(dest: Path, missing: Sequence[Path]) -> None:
    """Empty ``dest``, and remove created folders that nothing else uses."""
    for path in missing[:1] or _list_occupants(dest):
        is_folder = path.is_dir() and not path.is_symlink()
        shutil.rmtree(path, ignore_errors=True) if is_folder else path.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in missing[1:]:
            folder.rmdir()


def _read_questions(worker: "Worker") -> Mapping[str, Any]:
    """Fetch the template and return its questions."""
    if not shutil.which("git"):
        raise ValueError("git is not on PATH; install it to fetch the template")
    try:
        # Git prefers a folder named like the URL, and the current one may have it.
        with TemporaryDirectory(prefix="copier-ml-") as empty, plumbum.local.cwd(empty):
            questions = worker.template.questions_data
        if questions:
            return questions
        raise ValueError("it has no questions")  # noqa: TRY301  (reported like the others)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"cannot read the template {worker.src_path} at {worker.vcs_ref or 'its latest tag'}: "
            f"{describe(error)}; check the network, --template and --vcs-ref"
        ) from error


def _commit(dest: Path, message: str) -> None:
    """Commit an import by the author of the first commit, if there is one."""
    author = Git(dest).attempt("log", "-1", "--format=%an%n%ae")
    if not author.returncode:
        name, email = author.stdout.decode().splitlines()
        identity = ("-c", f"user.name={name}", "-c", f"user.email={email}")
        no_hooks = ("-c", f"core.hooksPath={os.devnull}")
        command = ("git", *identity, *no_hooks, "commit", "--quiet", "--all", "--message", message)
        subprocess.run(command, cwd=dest, capture_output=True, check=False)


def _print_next_steps(dest: Path, answers: Mapping[str, Any], *, is_ready: bool) -> None:
    """Print the commands up to the first model; lock first where the tasks could not."""
    if package := answers.get("package_name"):
        run = f"{uv.in_shell()} run"
        train = f"{package.replace('_', '-')} train"
        train = import_data.name_next(dest, package) if is_ready else train
        steps = [f"cd {shlex.quote(str(dest))}"]
        if (dest / "pyproject.toml").exists() and not (dest / "uv.lock").exists():
            steps += [*_list_credentials(answers), f"{uv.in_shell()} lock"]
        steps += [f"{run} just sync", f"{run} {train}"]
        print("\n  ".join(["Next:", *steps]))


def _list_credentials(answers: Mapping[str, Any]) -> Iterator[str]:
    """Name what a package index needs before uv can lock."""
    prefix = f"UV_INDEX_{str(answers.get('package_index_name')).upper()}_"
    login = answers.get("package_index_auth", "none")
    if login == "token" and f"{prefix}PASSWORD" not in os.environ:
        yield f"# Set {prefix}USERNAME and {prefix}PASSWORD"
    if login == "keyring":
        yield "# Log in to the package index with your keyring program"


def add_options(add: options.Add) -> None:
    """Declare the options, with the names that Copier gives them."""
    switch = {"action": "store_true"}
    add("dest", type=Path, metavar="DEST", help="folder to create; may be an empty Git repository")
    options.add_data(add, "set an answer; a list is KEY=[a, b]; repeatable")
    add(
        "--table",
        type=Path,
        metavar="TABLE",
        help="import a table: CSV, JSON lines, Parquet, Excel",
    )
    add("--target", metavar="COLUMN", help="column of the table to predict")
    import_data.add_table_options(add)
    add(
        "--data-file", type=Path, metavar="FILE", help="YAML file with answers; --data overrides it"
    )
    add("-l", "--defaults", **switch, help="use the defaults without asking")
    add("-r", "--vcs-ref", metavar="REF", help="tag, branch or commit of the template")
    add("--template", metavar="SOURCE", help="folder or Git URL of a third-party template")
    add("-w", "--overwrite", **switch, help="write into a non-empty folder and overwrite its files")
    add("-T", "--skip-tasks", **switch, help="skip the lockfile and the first commit")
    add("-q", "--quiet", **switch, help="print errors only")
    add("--verbose", **switch, help="list every file")
