"""Models as people really save them are clean, and those that are code are not."""

import collections
import datetime as dt
import decimal
import importlib
import json
import pickle
import pkgutil
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
from sklearn.utils import all_estimators

from apps.registry.choices import Verdict
from apps.registry.content.files import VersionFiles
from apps.registry.content.scanning import Report, scan
from apps.registry.content.scanning.allowed import BASE, SKLEARN, Allowed
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.content.mlmodel import parse_mlmodel
from tests.registry.content.genuine_models import MODELS, save, save_python_function
from tests.registry.content.making import kinds, scanned, zipped


def _scan(folder: Path) -> Report:
    flavors = parse_mlmodel((folder / "MLmodel").read_bytes()).flavors
    return scan(VersionFiles(LocalStore(folder.parent), folder.name), flavors)


@pytest.mark.parametrize("serialization_format", ["pickle", "cloudpickle", "skops"])
@pytest.mark.parametrize("name", MODELS)
def test_models_of_scikit_learn_are_clean(tmp_path: Path, name: str, serialization_format: str) -> None:
    report = _scan(save(name, tmp_path, serialization_format))

    assert (report.verdict, report.findings) == (Verdict.CLEAN, [])
    assert report.files_count == 5


def test_a_python_function_is_code(tmp_path: Path) -> None:
    report = _scan(save_python_function(tmp_path / "model"))

    assert report.verdict == Verdict.SUSPICIOUS
    assert ("python_model.pkl", "unknown import") in kinds(report)


def test_a_class_that_is_pickled_by_value_is_code_in_a_pickle(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("class Model:\n    def predict(self, x):\n        return x\n")
    namespace: dict[str, type] = {"__name__": "__main__"}
    exec(compile(script.read_text(), str(script), "exec"), namespace)  # as a script of a user's does
    content = importlib.import_module("cloudpickle").dumps(namespace["Model"]())

    report = scanned(tmp_path, {"python_model.pkl": content}, ["python_function"])

    assert report.verdict == Verdict.SUSPICIOUS
    assert ("python_model.pkl", "code in pickle") in kinds(report)


def test_an_endless_schema_is_not_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.registry.content.scanning.skops.LONGEST_SCHEMA", 100)

    assert (
        scanned(tmp_path, {"model.skops": zipped({"schema.json": b"[" + b"1," * 50 + b"1]"})}).verdict == Verdict.FAILED
    )


def test_types_that_a_skops_file_should_not_name_are_found(tmp_path: Path) -> None:
    partial = {"__class__": "partial", "__module__": "functools", "__loader__": "PartialNode", "content": {}}
    schema = {
        "__class__": "Pipeline",
        "__module__": "sklearn.pipeline",
        "__loader__": "ObjectNode",
        "content": [{"deep": [partial, {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}]}],
    }

    report = scanned(tmp_path, {"model.skops": zipped({"schema.json": json.dumps(schema).encode()})})

    assert {finding["detail"].split()[3] for finding in report.findings} == {"functools.partial,", "os.system,"}


def test_another_schema_is_just_json(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"a.zip": zipped({"schema.json": b'{"type": "object", "__class__": 1}'})})

    assert report.findings == []


@pytest.mark.parametrize("schema", [b"{", b"[" * 100_000])
def test_a_schema_that_cannot_be_read_is_not_clean(tmp_path: Path, schema: bytes) -> None:
    assert scanned(tmp_path, {"model.skops": zipped({"schema.json": schema})}).verdict == Verdict.FAILED


@pytest.mark.parametrize("distance", [0, 1_048_560, 3_000_000])
def test_a_lambda_layer_of_keras_is_code(tmp_path: Path, distance: int) -> None:
    config = bytes(distance) + b'{"class_name": "Lambda", "config": {}}'

    report = scanned(
        tmp_path, {"model.h5": b"\x89HDF\r\n\x1a\n" + config, "model.keras": zipped({"config.json": config})}
    )

    assert kinds(report) == {("model.h5", "code"), ("model.keras!/config.json", "code")}
    assert report.verdict == Verdict.SUSPICIOUS


def test_other_layers_of_keras_are_clean(tmp_path: Path) -> None:
    config = b'{"class_name": "Dense", "config": {"name": "Lambda"}}'

    assert scanned(tmp_path, {"model.keras": zipped({"config.json": config})}).findings == []


def test_every_estimator_of_scikit_learn_is_allowed() -> None:
    allowed = Allowed(["sklearn"])

    assert [cls for _, cls in all_estimators() if (cls.__module__, cls.__qualname__) not in allowed] == []


def _modules_of_scikit_learn() -> Iterator[ModuleType]:
    skipped = ("tests", "conftest", "_build_utils", "array_api_compat", "array_api_extra")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for found in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
            if not any(word in found.name.split(".") for word in skipped):
                yield importlib.import_module(found.name)


def test_no_allowed_name_of_scikit_learn_is_a_door_to_something_else() -> None:
    """A module's `chi2` may be scipy's, and its `Memory` joblib's."""
    allowed = Allowed(["sklearn"])
    doors = [
        f"{module.__name__}.{name}"
        for module in _modules_of_scikit_learn()
        for name, value in vars(module).items()
        if (module.__name__, name) in allowed and not str(getattr(value, "__module__", "")).startswith("sklearn")
    ]

    assert doors == []


HARMFUL = [
    ("builtins", "eval"), ("builtins", "exec"), ("builtins", "getattr"), ("builtins", "__import__"),
    ("builtins", "open"), ("builtins", "compile"), ("builtins", "type"), ("builtins", "map"), ("__builtin__", "apply"),
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"), ("sys", "modules"),
    ("socket", "socket"), ("importlib", "import_module"), ("operator", "attrgetter"), ("operator", "methodcaller"),
    ("functools", "partial"), ("types", "FunctionType"), ("pickle", "loads"), ("_pickle", "loads"),
    ("cloudpickle.cloudpickle", "subimport"), ("numpy", "load"), ("numpy", "memmap"), ("numpy", "fromfile"),
    ("numpy.core", "_ufunc_reconstruct"), ("numpy.testing", "runstring"),
    ("scipy.stats._continuous_distns", "norm_gen"),
    ("pandas", "read_pickle"), ("pandas", "eval"), ("pandas.io.pickle", "read_pickle"), ("joblib", "load"),
    ("joblib.numpy_pickle", "load"), ("sklearn.utils.parallel", "Parallel"),
    ("sklearn.datasets._openml", "GzipFile"), ("sklearn.datasets._lfw", "Memory"), ("sklearnx.svm", "SVC"),
    ("sklearn.metrics._dist_metrics", "PyFuncDistance64"), ("torch.storage", "_load_from_bytes"), ("torch", "load"),
    ("torch.hub", "load"), ("torch.fx.graph_module", "reduce_graph_module"), ("patsy.eval", "EvalFactor"),
    ("statsmodels.iolib.smpickle", "load_pickle"), ("lightgbm.basic", "Dataset"), ("sklearn.svm._classes", "SVC.fit"),
    ("sklearn.covariance._robust_covariance", "chi2"),
]  # fmt: skip


@pytest.mark.parametrize("imported", HARMFUL, ids=".".join)
def test_what_leads_to_harm_is_allowed_to_no_flavor(imported: tuple[str, str]) -> None:
    flavors = ["sklearn", "xgboost", "lightgbm", "catboost", "statsmodels", "pytorch", "python_function"]

    assert imported not in Allowed(flavors)


def test_the_lists_are_of_single_names() -> None:
    """A comma or a quotation mark between them would make a name that nothing bears."""
    names = {name for listed in (BASE, SKLEARN) for line in listed.values() for name in line.split()}

    assert [name for name in names if not name.replace(".", "_").isidentifier()] == []


def test_every_pickle_of_the_standard_kinds_of_data_is_clean(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.Categorical(["p", "q"])})
    frame["d"] = pd.Timestamp("2024-01-01", tz="UTC")
    values = [
        1.5, 2 + 3j, {1, 2}, frozenset([3]), bytearray(b"x"), range(3), slice(1, 2), ..., list, object(),
        collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.Counter("aab"),
        dt.datetime.now(dt.UTC), dt.date(2024, 1, 1), dt.timedelta(1), decimal.Decimal("1.5"),
        uuid.UUID(int=5), np.arange(5), np.float32(1), np.array(["a", None], dtype=object),
        np.ma.masked_array([1], [True]),
        np.random.RandomState(1), np.random.default_rng(1), np.float64, np.log1p, scipy.sparse.csr_matrix(np.eye(3)),
        frame, frame["a"], frame.set_index(["a", "b"]), pd.date_range("2024", periods=3),
    ]  # fmt: skip
    files = {
        f"{number}-{protocol}.pkl": pickle.dumps(value, protocol)
        for number, value in enumerate(values)
        for protocol in (2, 3, 4, 5)
    }

    assert scanned(tmp_path, files).findings == []
