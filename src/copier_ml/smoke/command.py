"""The command ``smoke``: ask the service of this machine for one prediction, over HTTP.

It sends the example of the service's own description, so it knows nothing of the rows. A process or
a container may answer.
"""

import os
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import requests
from dotenv import dotenv_values

from copier_ml.shared.errors import printable

TIMEOUT_S = 30


def run(args: Namespace) -> None:
    """Print which model answered, and what."""
    settings = dotenv_values(".env") | os.environ
    port = settings.get(f"{args.prefix}PORT") or "8000"
    with requests.Session() as session:
        session.trust_env = False  # A proxy of the environment does not reach this machine.
        if token := settings.get(f"{args.prefix}SERVE_TOKEN"):
            session.headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{port}"
        _ask(session, "GET", f"{url}/ready")
        described = _ask(session, "GET", f"{url}/openapi.json")["paths"]["/predict"]["post"]
        example = described["requestBody"]["content"]["application/json"]["example"]
        answer = _ask(session, "POST", f"{url}/predict", example)
    print(printable(f"{answer['model']} predicts {answer['predictions'][0]['prediction']}"))


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options of the command."""
    text = "how the project's variables begin: PREFIX with PORT and SERVE_TOKEN, also in .env"
    add("prefix", metavar="PREFIX", help=text)


def _ask(session: requests.Session, method: str, url: str, body: Any = None) -> Any:
    try:
        answer = session.request(method, url, json=body, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise SystemExit(f"smoke: {url} does not answer: {type(error).__name__}") from None
    if not answer.ok:
        raise SystemExit(f"smoke: {url} answers {answer.status_code}: {answer.text[:300]!r}")
    return answer.json()
