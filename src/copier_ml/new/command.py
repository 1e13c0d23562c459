"""The command ``new``: a project from the template, whole or not at all."""

import re
import shlex
import shutil
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import plumbum

from copier_ml.import_data import command as import_data
from copier_ml.shared import consent, disk, options, source, workspace
from copier_ml.shared.copying import make_worker, refuse_unknown, run_copy
from copier_ml.shared.errors import describe
from copier_ml.shared.git import Git

if TYPE_CHECKING:
    from copier._main import Worker


def run(args: Namespace) -> None:
    """Start a project in a new folder."""
    if args.table:
        import_data.check(args.table)
    if bool(args.table) != bool(args.target):
        raise ValueError("--table and --target belong together: what to read, and what to predict")
    workspace.refuse_member(args.dest)
    answers = _read_data_file(args.data_file) | dict(args.data)
    template = source.chosen(args.template, args.vcs_ref)
    with (
        disk.naming(args.dest),
        _all_or_nothing(args.dest, overwrite=args.overwrite),
        make_worker(
            src_path=template.address,
            dst_path=args.dest,
            vcs_ref=template.ref,
            data=answers,
            user_defaults=_name_after(args.dest) | _suggest_forge(args.dest),
            defaults=args.defaults,
            overwrite=args.overwrite,
            quiet=args.quiet,
            skip_tasks=args.skip_tasks,
            cleanup_on_error=False,  # It misses Ctrl-C; _all_or_nothing does not.
            unsafe=True,  # The template is ours, or the one that the user named.
        ) as worker,
    ):
        refuse_unknown(answers, _read_questions(worker))
        is_repository = (args.dest / ".git").exists()
        run_copy(worker)
        if args.table:
            import_data.load(args.dest.resolve(), worker.answers.combined["package_name"], args)
            if not is_repository:
                _commit(args.dest, f"feat: import {args.table.name}")
    consent.remember(args.dest)
    if not args.quiet:
        _print_next_steps(args.dest, worker.answers.combined, is_ready=bool(args.table))


def _name_after(dest: Path) -> dict[str, str]:
    """Suggest the name of the folder for the project, if it is made of plain words."""
    words = re.split(r"[-_. ]+", dest.resolve().name)
    title = " ".join(word[:1].upper() + word[1:] for word in words)
    return {"project_name": title} if re.fullmatch(r"[A-Za-z][A-Za-z0-9 ]{0,49}", title) else {}


def _suggest_forge(dest: Path) -> dict[str, str]:
    """Suggest no workflows in a folder of a repository: forges read them at its top alone."""
    above = next(folder for folder in dest.absolute().parents if folder.is_dir())
    if (dest / ".git").exists() or not shutil.which("git"):
        return {}
    is_inside = not Git(above).attempt("rev-parse", "--is-inside-work-tree").returncode
    return {"forge": "none", "dependency_bot": "none"} if is_inside else {}


def _read_data_file(path: Path | None) -> dict[str, Any]:
    """Read answers from YAML; an answers file will do, without what Copier notes in it."""
    from yaml import safe_load

    if path is None:
        return {}
    with path.open("rb") as stream:
        answers = safe_load(stream)
    if not isinstance(answers, dict):
        raise ValueError(f"{path} holds no answers; write one `question: answer` a line")
    return {name: answers[name] for name in answers if name not in ("_commit", "_src_path")}


@contextmanager
def _all_or_nothing(dest: Path, *, overwrite: bool) -> Iterator[None]:
    """Refuse an occupied ``dest``; leave a vacant one as it was if the block fails."""
    for path in (dest, *dest.parents):
        if path.is_symlink() and not path.exists():
            raise ValueError(f"{path} is a link to nothing; remove it, or name another folder")
    if dest.exists() and not dest.is_dir():
        raise ValueError(f"{dest} is a file; name a folder that does not exist yet")
    if (found := _list_occupants(dest)) and not overwrite:
        raise ValueError(f"{dest} holds {found[0].name}; name another folder or add --overwrite")
    missing = [folder for folder in (dest, *dest.parents) if not folder.exists()]
    with ExitStack() as undo:
        if not found:
            undo.callback(_undo, dest, missing)
        yield
        undo.pop_all()


def _list_occupants(folder: Path) -> list[Path]:
    """List what a folder holds beside ``.git``."""
    return sorted(p for p in folder.iterdir() if p.name != ".git") if folder.exists() else []


def _undo(dest: Path, missing: Sequence[Path]) -> None:
    """Empty ``dest``, and remove the folders that were missing, unless others use them by now."""
    for path in missing[:1] or _list_occupants(dest):
        is_folder = path.is_dir() and not path.is_symlink()
        shutil.rmtree(path, ignore_errors=True) if is_folder else path.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in missing[1:]:
            folder.rmdir()


def _read_questions(worker: "Worker") -> Mapping[str, Any]:
    """Fetch the template, and read what it asks."""
    if not shutil.which("git"):
        raise ValueError("git is not on PATH; install it, since it fetches the template")
    try:
        # Git prefers a folder that is named like the URL, and the current one may hold it.
        with TemporaryDirectory(prefix="copier-ml-") as empty, plumbum.local.cwd(empty):
            questions = worker.template.questions_data
        if questions:
            return questions
        raise ValueError("it asks no question")  # noqa: TRY301  (reported as the others are)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"cannot read the template {worker.src_path} at {worker.vcs_ref or 'its latest tag'}: "
            f"{describe(error)}; check the network, --template and --vcs-ref"
        ) from error


def _commit(dest: Path, message: str) -> None:
    """Commit what an import changed, as whoever made the first commit; no commit is no failure."""
    git = Git(dest)
    author = git.attempt("log", "-1", "--format=%an%n%ae")
    if not author.returncode:
        name, email = author.stdout.decode().splitlines()
        identity = ("-c", f"user.name={name}", "-c", f"user.email={email}")
        git.attempt(*identity, "commit", "--quiet", "--all", "--message", message)


def _print_next_steps(dest: Path, answers: Mapping[str, Any], *, is_ready: bool) -> None:
    """Say how to train for the first time; only the project knows which extras it has to sync."""
    uv = "uv" if shutil.which("uv") else "python3 -m uv"
    if package := answers.get("package_name"):
        train = f"{package.replace('_', '-')} train"
        train = import_data.name_next(dest, package) if is_ready else train
        steps = [f"cd {shlex.quote(str(dest))}", f"{uv} run just sync", f"{uv} run {train}"]
        print("\n  ".join(["Next:", *steps]))


def add_options(add: options.Add) -> None:
    """Declare the options, with the names that Copier gives them."""
    switch = {"action": "store_true"}
    add("dest", type=Path, metavar="DEST", help="folder to make; it may hold a .git")
    options.add_data(add, "answer a question; a list is KEY=[a, b]; repeatable")
    add(
        "--table",
        type=Path,
        metavar="TABLE",
        help="import a table: CSV, JSON lines, Parquet, Excel",
    )
    add("--target", metavar="COLUMN", help="column of the table to predict")
    import_data.add_table_options(add)
    add("--data-file", type=Path, metavar="FILE", help="YAML file of answers; --data wins")
    add("-l", "--defaults", **switch, help="ask nothing, take the defaults")
    add("-r", "--vcs-ref", metavar="REF", help="tag, branch or commit of the template")
    add("--template", metavar="SOURCE", help="folder or Git URL of another template")
    add("-w", "--overwrite", **switch, help="write into a folder that holds files, over them")
    add("-T", "--skip-tasks", **switch, help="write the files, but run no tasks")
    add("-q", "--quiet", **switch, help="print nothing but errors")
