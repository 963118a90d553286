"""Every registry call of the client: models, versions, tags, aliases, stages, copies, searches page by page."""

import mlflow
from mlflow import MlflowClient
from shown import shown, told

MINE = f"calls of {mlflow.__version__}"
CHURN, FRAUD = f"{MINE}, churn", f"{MINE}, fraud"
SOURCE = "s3://bucket/model"


def models(client: MlflowClient) -> None:
    told("create", client.create_registered_model, CHURN, tags={"team": "risk"}, description="who leaves")
    told("create again", client.create_registered_model, CHURN)
    told("create with a bad name", client.create_registered_model, "a/b")
    told("get", client.get_registered_model, CHURN)
    told("get what is not there", client.get_registered_model, "never made")
    told("update", client.update_registered_model, CHURN, description="who leaves, by week")
    told("rename", client.rename_registered_model, CHURN, FRAUD)
    told("rename back", client.rename_registered_model, FRAUD, CHURN)
    told("rename what is not there", client.rename_registered_model, FRAUD, CHURN)
    told("set a tag", client.set_registered_model_tag, CHURN, "stage", 5)
    told("delete a tag", client.delete_registered_model_tag, CHURN, "team")
    told("get with tags", client.get_registered_model, CHURN)


def versions(client: MlflowClient) -> None:
    run = client.create_run("0")
    given = {"run_id": run.info.run_id, "tags": {"kind": "tree"}, "run_link": "https://example.org", "description": "d"}
    told("create with everything", client.create_model_version, CHURN, f"{run.info.artifact_uri}/model", **given)
    told("create with the source alone", client.create_model_version, CHURN, SOURCE)
    told("create from what is forbidden", client.create_model_version, CHURN, "file:///etc/passwd")
    told("create of no model", client.create_model_version, "never made", SOURCE)
    told("get", client.get_model_version, CHURN, "1")
    told("get what is not there", client.get_model_version, CHURN, "7")
    told("update", client.update_model_version, CHURN, "2", description="the second")
    told("set a tag", client.set_model_version_tag, CHURN, "2", "checked", "yes")
    told("set a tag by stage", client.set_model_version_tag, CHURN, key="where", value="None", stage="None")
    told("delete a tag", client.delete_model_version_tag, CHURN, "1", "kind")
    told("get with tags", client.get_model_version, CHURN, "2")
    told("download URI of an artifact", client.get_model_version_download_uri, CHURN, "1")
    told("download URI of a store", client.get_model_version_download_uri, CHURN, "2")
    told("stages", client.get_model_version_stages, CHURN, "1")


def aliases(client: MlflowClient) -> None:
    told("set", client.set_registered_model_alias, CHURN, "champion", "1")
    told("get by it", client.get_model_version_by_alias, CHURN, "champion")
    told("point it elsewhere", client.set_registered_model_alias, CHURN, "champion", "2")
    told("get by it", client.get_model_version_by_alias, CHURN, "champion")
    told("set a reserved one", client.set_registered_model_alias, CHURN, "latest", "1")
    told("set one that reads like a version", client.set_registered_model_alias, CHURN, "v1", "1")
    told("set on what is not there", client.set_registered_model_alias, CHURN, "challenger", "7")
    told("the model with it", client.get_registered_model, CHURN)
    told("delete", client.delete_registered_model_alias, CHURN, "champion")
    told("delete again", client.delete_registered_model_alias, CHURN, "champion")
    told("get what is not there", client.get_model_version_by_alias, CHURN, "champion")


def stages(client: MlflowClient) -> None:
    told("create a third", client.create_model_version, CHURN, SOURCE)
    told("to staging", client.transition_model_version_stage, CHURN, "1", "Staging")
    told("to production", client.transition_model_version_stage, CHURN, "2", "production")
    replacing = {"stage": "Production", "archive_existing_versions": True}
    told("replacing it", client.transition_model_version_stage, CHURN, "3", **replacing)
    told("what was there", client.get_model_version, CHURN, "2")
    told("to no stage", client.transition_model_version_stage, CHURN, "1", "Nowhere")
    told("latest", lambda: sorted(client.get_latest_versions(CHURN), key=lambda version: version.version))
    told("latest in production", client.get_latest_versions, CHURN, ["Production"])
    told("latest in none", client.get_latest_versions, CHURN, ["None"])


def copies(client: MlflowClient) -> None:
    told("copy to a new name", client.copy_model_version, f"models:/{CHURN}/1", FRAUD)
    told("copy by stage", client.copy_model_version, f"models:/{CHURN}/Production", FRAUD)
    client.set_registered_model_alias(CHURN, "champion", "2")
    told("copy by alias", client.copy_model_version, f"models:/{CHURN}@champion", FRAUD)
    told("copy what is not there", client.copy_model_version, f"models:/{CHURN}/9", FRAUD)
    told("download URI of a copy", client.get_model_version_download_uri, FRAUD, "1")
    told("a copy of a copy", client.copy_model_version, f"models:/{FRAUD}/1", CHURN)


def searches(client: MlflowClient) -> None:
    for number in range(5):
        client.create_registered_model(f"{MINE}, many {number}", tags={"even": str(number % 2 == 0)})
    many = f"name LIKE '{MINE}, many%'"
    told("by name", client.search_registered_models, f"name = '{CHURN}'")
    told("by pattern", client.search_registered_models, f"name ILIKE '{MINE.upper()}, MANY%'")
    told("by tag", client.search_registered_models, f"{many} AND tags.even = 'True'")
    told("the other way round", client.search_registered_models, many, order_by=["name DESC"])
    told("none", client.search_registered_models, "name = 'never made'")
    told("badly", client.search_registered_models, "name ! 'x'")
    told("too many", client.search_registered_models, max_results=1001)
    token, page = None, 0
    while token or not page:
        page += 1
        found = told(f"page {page}", client.search_registered_models, many, max_results=2, page_token=token)
        token = found.token
    of_churn = f"name = '{CHURN}'"
    told("versions", client.search_model_versions, of_churn, order_by=["version_number ASC"])
    told("versions by tag", client.search_model_versions, f"{of_churn} AND tags.checked = 'yes'")
    told("versions by source", client.search_model_versions, f"{of_churn} AND source_path = '{SOURCE}'")
    run_id = client.get_model_version(CHURN, "1").run_id
    told("versions by run", client.search_model_versions, f"run_id = '{run_id}'", order_by=["name ASC"])
    told("versions by runs", client.search_model_versions, f"run_id IN ('{run_id}')", order_by=["name DESC"])
    token, page = None, 0
    while token or not page:
        page += 1
        given = {"max_results": 2, "order_by": ["version_number DESC"], "page_token": token}
        found = told(f"page {page} of versions", client.search_model_versions, of_churn, **given)
        token = found.token


def deleting(client: MlflowClient) -> None:
    told("delete a version", client.delete_model_version, CHURN, "2")
    told("get it", client.get_model_version, CHURN, "2")
    told("delete it again", client.delete_model_version, CHURN, "2")
    told("its alias", client.get_model_version_by_alias, CHURN, "champion")
    told("a number is not given twice", client.create_model_version, CHURN, SOURCE)
    told("delete a model", client.delete_registered_model, CHURN)
    told("get it", client.get_registered_model, CHURN)
    told("get its version", client.get_model_version, CHURN, "1")
    told("delete it again", client.delete_registered_model, CHURN)
    told("the copy is still there", client.get_model_version, FRAUD, "1")
    told("the name is free", client.create_registered_model, CHURN)
    left = sorted(client.search_registered_models(f"name LIKE '{MINE}%'"), key=lambda model: model.name)
    print("left:", shown([model.name for model in left]))


if __name__ == "__main__":
    for part in (models, versions, aliases, stages, copies, searches, deleting):
        print(f"--- {part.__name__}")
        part(MlflowClient())
