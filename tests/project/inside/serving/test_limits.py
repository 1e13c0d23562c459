"""Whom the service refuses, and what it gives up."""

import threading

import httpx
import pytest

from my_ml_project import model
from my_ml_project.serving import deployment
from my_ml_project.serving.deployment import Deployment

from .conftest import Service, rows


def test_pages_of_other_origins_cannot_reload_the_model(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "load", lambda _: deployed)
    client = Service(deployed)
    for headers, status in (
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "https://behind.proxy", "Sec-Fetch-Site": "same-origin"}, 200),
    ):
        assert client.post("/reload", headers=headers).status_code == status


def test_only_the_allowed_hosts_are_answered(deployed: Deployment) -> None:
    everywhere = {"host": "0.0.0.0"}  # noqa: S104  (nothing listens)
    for settings, name, status in (
        ({}, "rebound.example:8000", 400),
        ({}, "127.0.0.1:8000", 200),
        ({}, "[::1]:8000", 200),
        (everywhere, "a.example", 200),
        ({**everywhere, "allowed_hosts": ["a.example"]}, "b.example", 400),
    ):
        answer = Service(deployed, **settings).get("/health", headers={"Host": name})
        assert answer.status_code == status


def test_a_body_that_is_too_long_is_refused_while_it_arrives(deployed: Deployment) -> None:
    client = Service(deployed, max_body_bytes=1024)
    assert client.post("/predict", content=b" " * 1025).status_code == 413
    assert client.post("/predict", content=iter([b" " * 1000, b" " * 25])).status_code == 413
    assert client.post("/predict", content=iter([b" " * 1000, b" " * 24])).status_code == 422


def test_a_request_that_takes_too_long_is_given_up_and_others_are_answered(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(model, "predict", lambda *_: done.wait(10))
    answers: list[httpx.Response] = []
    with Service(deployed, request_timeout_s=0.5, max_concurrency=1) as client:
        body = {"rows": rows(1)}
        request = threading.Thread(
            target=lambda: answers.append(client.post("/predict", json=body))
        )
        request.start()
        assert client.get("/health").status_code == 200
        request.join()
        done.set()
    assert answers[0].status_code == 504
