"""Ask the service of this machine for one prediction: `python -m <package>.smoke`.

It asks over HTTP, and what it sends follows from what the service tells of itself, so a process or
a container may answer.
"""

from typing import Any

import requests

from .settings import Settings

TIMEOUT_S = 30


def smoke(settings: Settings) -> str:
    """Tell in one line which model answered, and what.

    Raises:
        ValueError: If the service does not answer, is not ready, or refuses the row.
    """
    _ask("GET", "/ready", settings)
    body = _ask("GET", "/openapi.json", settings)["paths"]["/predict"]["post"]["requestBody"]
    columns = body["content"]["application/json"]["schema"]["properties"]["rows"]["items"]
    row = {name: _value(limits) for name, limits in columns["properties"].items()}
    answer = _ask("POST", "/predict", settings, rows=[row])
    return f"{answer['model']} predicts {answer['predictions'][0]['prediction']}"


def main() -> None:
    """Ask with the settings of this folder; a failure is one line and exit code 1."""
    try:
        print(smoke(Settings()))
    except ValueError as error:
        raise SystemExit(f"smoke: {' '.join(str(error).split())}") from None


def _value(limits: dict[str, Any]) -> float:
    """Choose a value of a column that its limits allow."""
    value: float = limits.get("minimum", limits.get("maximum", 0))
    return value


def _ask(method: str, path: str, settings: Settings, **body: Any) -> Any:
    url = f"http://127.0.0.1:{settings.port}{path}"
    token = settings.serve_token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    sent = body or None
    try:
        answer = requests.request(method, url, json=sent, headers=headers, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise ValueError(f"{url} does not answer: {type(error).__name__}") from None
    if answer.status_code != requests.codes.ok:
        raise ValueError(f"{url} answers {answer.status_code}: {answer.text[:300]}")
    return answer.json()


if __name__ == "__main__":
    main()
