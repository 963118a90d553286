"""Everything that an experiment holds, read over the wire and made comparable between servers."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import requests
import yaml

from tests.contract.normal import Normaliser
from tests.live import LiveServer

API = "api/2.0/mlflow"
PROXY = "api/2.0/mlflow-artifacts/artifacts"
VOLATILE_TAGS = {"mlflow.source.git.commit"}  # a colleague may commit between two runs
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
MLMODEL_OF_ITS_OWN = {"model_id", "model_uuid", "run_id", "utc_time_created", "artifact_path"}


class Reader:
    """Reads from one server."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.session = server.session()

    def get(self, path: str, **query: Any) -> Any:
        return self._json(self.session.get(self.server.url(f"{API}/{path}"), params=query, timeout=60))

    def post(self, path: str, **body: Any) -> Any:
        return self._json(self.session.post(self.server.url(f"{API}/{path}"), json=body, timeout=60))

    def _json(self, response: requests.Response) -> Any:
        response.raise_for_status()
        return response.json()

    def experiment(self, name: str) -> dict[str, Any]:
        """The experiment called `name`: itself, its runs with their histories and files, its logged models."""
        found = self.get("experiments/get-by-name", experiment_name=name)["experiment"]
        words = Normaliser()
        words.name(found["experiment_id"], "experiment")
        ids = [found["experiment_id"]]
        runs = self.post("runs/search", experiment_ids=ids, run_view_type="ALL", order_by=["attributes.run_name"])
        models = self.post("logged-models/search", experiment_ids=ids, order_by=[{"field_name": "name"}])
        read = {
            "experiment": found,
            "runs": [self._run(run) for run in runs.get("runs", [])],
            "models": [self._model(model) for model in models.get("models", [])],
        }
        return _without_moments(words.tidy(read))

    def rename(self, name: str, new_name: str) -> None:
        found = self.get("experiments/get-by-name", experiment_name=name)["experiment"]
        self.post("experiments/update", experiment_id=found["experiment_id"], new_name=new_name)

    def _run(self, run: dict[str, Any]) -> dict[str, Any]:
        run_id = run["info"]["run_id"]
        tags = run["data"].get("tags", [])
        run["data"]["tags"] = [tag for tag in tags if tag["key"] not in VOLATILE_TAGS]
        histories = {
            metric["key"]: self.get("metrics/get-history", run_id=run_id, metric_key=metric["key"])["metrics"]
            for metric in run["data"].get("metrics", [])
        }
        return {"run": run, "histories": histories, "files": dict(self._files(run["info"]["artifact_uri"]))}

    def _model(self, model: dict[str, Any]) -> dict[str, Any]:
        return {"model": model, "files": dict(self._files(model["info"]["artifact_uri"]))}

    def _files(self, root: str, folder: str = "") -> Iterator[tuple[str, Any]]:
        """Every file below `root`: its size, and its content where that is the same each time."""
        place = root.removeprefix("mlflow-artifacts:/")
        listed = self.session.get(self.server.url(PROXY), params={"path": f"{place}/{folder}".rstrip("/")}, timeout=60)
        for file in self._json(listed).get("files", []):
            path = f"{folder}/{file['path']}".lstrip("/")
            if file["is_dir"]:
                yield from self._files(root, path)
            else:
                yield path, self._content(f"{place}/{path}", file.get("file_size"))

    def _content(self, path: str, size: int | None) -> Any:
        response = self.session.get(self.server.url(f"{PROXY}/{path}"), timeout=60)
        response.raise_for_status()
        if path.endswith("/MLmodel"):
            described = yaml.safe_load(response.content)
            return {name: value for name, value in described.items() if name not in MLMODEL_OF_ITS_OWN}
        if path.endswith(".skops"):
            return "a file that holds addresses in memory"
        return f"{size} bytes, {hashlib.sha256(response.content).hexdigest()}"


def _without_moments(read: Any) -> Any:
    return json.loads(MOMENT.sub("<moment>", json.dumps(read, default=str)))
