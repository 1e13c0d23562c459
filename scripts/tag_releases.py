"""Tag the commits that released a version; src/copier_ml/shared/releases.py finds them.

Prints one line `v1.2.0 <commit>` for each release of the repository here without a tag.
"""

import argparse
import subprocess
import sys
from pathlib import Path

# The forge runs this with a bare Python, where copier-ml is not installed.
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from copier_ml.shared import releases


def main() -> None:
    """Print the missing tags of the repository in the current folder; create them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apply", action="store_true", help="create the annotated tags")
    must_create = parser.parse_args().apply

    tag = releases.tag_missing if must_create else releases.find_missing
    try:
        missing = tag(Path())
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr.strip())
    except ValueError as error:
        sys.exit(str(error))
    for name, commit in missing.items():
        print(name, commit)


if __name__ == "__main__":
    main()
