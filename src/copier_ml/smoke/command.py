"""The command ``smoke``: request one prediction from the service on this machine.

It sends the example in the service's OpenAPI description, so it is independent of the schema. The
service may be a process or a container.
"""

import os
from argparse import Namespace
from typing import Any

import requests
from dotenv import dotenv_values

from copier_ml.shared import options
from copier_ml.shared.errors import printable

TIMEOUT_S = 30


def run(args: Namespace) -> None:
    """Print the model and its prediction."""
    settings = dotenv_values(".env") | os.environ
    port = settings.get(f"{args.prefix}PORT") or "8000"
    with requests.Session() as session:
        session.trust_env = False  # HTTP_PROXY and ALL_PROXY do not apply to this machine.
        if token := settings.get(f"{args.prefix}SERVE_TOKEN"):
            session.headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{port}"
        _ask(session, "GET", f"{url}/ready")
        described = _ask(session, "GET", f"{url}/openapi.json")["paths"]["/predict"]["post"]
        example = described["requestBody"]["content"]["application/json"]["example"]
        answer = _ask(session, "POST", f"{url}/predict", example)
    print(printable(f"{answer['model']} predicts {answer['predictions'][0]['prediction']}"))


def add_options(add: options.Add) -> None:
    """Declare the options of the command."""
    text = (
        "prefix of the project's variables: PREFIXPORT and PREFIXSERVE_TOKEN, also read from .env"
    )
    add("prefix", metavar="PREFIX", help=text)


def _ask(session: requests.Session, method: str, url: str, body: Any = None) -> Any:
    try:
        answer = session.request(method, url, json=body, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        reason = f"{url} does not answer ({type(error).__name__})"
        raise SystemExit(f"smoke: {reason}; start the service first") from None
    if not answer.ok:
        raise SystemExit(f"smoke: {url} answers {answer.status_code}: {answer.text[:300]!r}")
    return answer.json()
