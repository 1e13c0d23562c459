"""Ask the service of this machine for one prediction: `python -m <package>.serving.smoke`.

It asks over HTTP and sends the example of the service's own description, so a process or a
container may answer.
"""

from typing import Any

import requests

from ..errors import UserError
from .commands import Address

TIMEOUT_S = 30


def smoke(settings: Address) -> str:
    """Return one line: which model answered, and what.

    Raises:
        UserError: If the service does not answer, is not ready, or refuses the row.
    """
    with requests.Session() as session:
        session.trust_env = False  # A proxy of the environment does not reach this machine.
        if settings.serve_token:
            token = settings.serve_token.get_secret_value()
            session.headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{settings.port}"
        _ask(session, "GET", f"{url}/ready")
        described = _ask(session, "GET", f"{url}/openapi.json")["paths"]["/predict"]["post"]
        example = described["requestBody"]["content"]["application/json"]["example"]
        answer = _ask(session, "POST", f"{url}/predict", example)
    return f"{answer['model']} predicts {answer['predictions'][0]['prediction']}"


def _ask(session: requests.Session, method: str, url: str, body: Any = None) -> Any:
    try:
        answer = session.request(method, url, json=body, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise UserError(f"{url} does not answer: {type(error).__name__}") from None
    if answer.status_code != requests.codes.ok:
        raise UserError(f"{url} answers {answer.status_code}: {answer.text[:300]!r}")
    return answer.json()


if __name__ == "__main__":
    try:
        print(smoke(Address()))
    except UserError as error:
        raise SystemExit(f"smoke: {error}") from None
