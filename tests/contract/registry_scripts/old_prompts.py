"""Prompts as MLflow 2 has them."""

import mlflow
from mlflow import MlflowClient
from shown import told

NAME = "prompts_of_2_greeting"


def main() -> None:
    client = MlflowClient()
    given = {"commit_message": "first", "version_metadata": {"author": "ada"}, "tags": {"team": "sales"}}
    told("register", mlflow.register_prompt, NAME, "Good {{time}}, {{name}}!", **given)
    told("register a second", mlflow.register_prompt, NAME, "Hello {{name}}.")
    told("load by number", mlflow.load_prompt, NAME, version=1)
    told("load by address", mlflow.load_prompt, f"prompts:/{NAME}/2")
    mlflow.set_prompt_alias(NAME, "live", 1)
    told("load by alias", mlflow.load_prompt, f"prompts:/{NAME}@live")
    print("filled in:", mlflow.load_prompt(f"prompts:/{NAME}@live").format(time="morning", name="Bob"))
    mlflow.delete_prompt_alias(NAME, "live")
    told("load by no alias", mlflow.load_prompt, f"prompts:/{NAME}@live")
    told("load what is not there", mlflow.load_prompt, NAME, version=9)
    run = client.create_run("0")
    client.log_prompt(run.info.run_id, f"prompts:/{NAME}/1")
    told("prompts of a run", client.list_logged_prompts, run.info.run_id)
    told("models are others", client.search_registered_models, f"name = '{NAME}'")
    told("a model of that name", client.create_registered_model, NAME)
    told("it is no model", client.get_registered_model, NAME)
    mlflow.delete_prompt(NAME, 1)
    told("load what was deleted", mlflow.load_prompt, NAME, version=1)


if __name__ == "__main__":
    main()
