"""Connections that stay open: a refused request must not cost the next one its connection."""

import requests

from tests.live import LiveServer

REQUESTS = 300


def test_a_refused_request_leaves_its_connection_open(server: LiveServer) -> None:
    refused = [
        ("POST", "/api/2.0/mlflow/runs/create", {}, 401),
        ("POST", "/nowhere", {}, 404),
        ("POST", "/api/2.0/mlflow/runs/get", {"Authorization": f"Bearer {server.token}"}, 405),
    ]
    with requests.Session() as session:
        for number in range(REQUESTS):
            method, path, headers, status = refused[number % len(refused)]
            answer = session.request(method, server.url(path), json={"a": "b" * (number % 50 * 40)}, headers=headers)
            assert answer.status_code == status
            assert answer.headers.get("Connection", "keep-alive").lower() != "close"
