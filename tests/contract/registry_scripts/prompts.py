"""Prompts by mlflow.genai and by the client: text and chat, versions, aliases, tags, searches."""

import mlflow
import mlflow.genai
from mlflow import MlflowClient
from shown import shown, told

MINE = f"prompts_of_{mlflow.__version__.replace('.', '_')}"
GREETING, CHAT = f"{MINE}_greeting", f"{MINE}_chat"
MESSAGES = [
    {"role": "system", "content": "You answer in {{language}}."},
    {"role": "user", "content": "{{question}}"},
]


def registering() -> None:
    register = mlflow.genai.register_prompt
    given = {"commit_message": "first", "tags": {"author": "ada"}}
    told("register", register, name=GREETING, template="Good {{time}}, {{name}}!", **given)
    told("register a second", register, name=GREETING, template="Hello {{name}}.", commit_message="shorter")
    told("register a chat", register, name=CHAT, template=MESSAGES)
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    settings = {"model_name": "small", "temperature": 0.5}
    made = told(
        "register with a format", register, name=CHAT, template=MESSAGES, response_format=schema, model_config=settings
    )
    print("format:", made.response_format, "config:", made.model_config)
    told("register under a bad name", register, name="a/b", template="x")
    told("register nothing", register, name=GREETING, template="")


def loading() -> None:
    load = mlflow.genai.load_prompt
    told("by number", load, GREETING, version=1)
    told("by address", load, f"prompts:/{GREETING}/2")
    told("the latest", load, f"prompts:/{GREETING}@latest")
    told("the newest", load, GREETING)
    told("what is not there", load, GREETING, version=9, allow_missing=True)
    told("what is not there, refused", load, f"prompts:/{GREETING}/9")
    chat = told("a chat", load, f"prompts:/{CHAT}/2")
    print("filled in:", chat.format(language="French", question="Why?"))
    print("filled in:", load(GREETING, version=1).format(time="morning", name="Bob"))
    print("format:", chat.response_format, "config:", chat.model_config)


def aliases() -> None:
    told("set", mlflow.genai.set_prompt_alias, GREETING, alias="live", version=1)
    told("load by it", mlflow.genai.load_prompt, f"prompts:/{GREETING}@live", cache_ttl_seconds=0)
    told("point it elsewhere", mlflow.genai.set_prompt_alias, GREETING, alias="live", version=2)
    told("load by it", mlflow.genai.load_prompt, f"prompts:/{GREETING}@live", cache_ttl_seconds=0)
    told("set on what is not there", mlflow.genai.set_prompt_alias, GREETING, alias="live", version=9)
    told("delete", mlflow.genai.delete_prompt_alias, GREETING, alias="live")
    told("load by it", mlflow.genai.load_prompt, f"prompts:/{GREETING}@live", cache_ttl_seconds=0, allow_missing=True)


def tags() -> None:
    told("set", mlflow.genai.set_prompt_tag, GREETING, "team", "sales")
    told("get", mlflow.genai.get_prompt_tags, GREETING)
    told("delete", mlflow.genai.delete_prompt_tag, GREETING, "team")
    told("get", mlflow.genai.get_prompt_tags, GREETING)
    told("set on a version", mlflow.genai.set_prompt_version_tag, GREETING, 1, "checked", "yes")
    told("load", mlflow.genai.load_prompt, GREETING, version=1, cache_ttl_seconds=0)
    told("delete from a version", mlflow.genai.delete_prompt_version_tag, GREETING, 1, "checked")
    told("configure", mlflow.genai.set_prompt_model_config, GREETING, 1, {"model_name": "large"})
    print("config:", mlflow.genai.load_prompt(GREETING, version=1, cache_ttl_seconds=0).model_config)
    told("configure no more", mlflow.genai.delete_prompt_model_config, GREETING, 1)


def of_runs(client: MlflowClient) -> None:
    mlflow.set_experiment(MINE)
    with mlflow.start_run(run_name="asking") as run:
        mlflow.genai.load_prompt(f"prompts:/{GREETING}/1")
    client.link_prompt_version_to_run(run.info.run_id, f"prompts:/{CHAT}/1")
    told("prompts of a run", client.list_logged_prompts, run.info.run_id)


def searching(client: MlflowClient) -> None:
    print("prompts:", shown([prompt.name for prompt in mlflow.genai.search_prompts(f"name LIKE '{MINE}%'")]))
    told("by name", mlflow.genai.search_prompts, f"name = '{GREETING}'")
    given = {"order_by": ["name DESC"], "max_results": 1}
    told("the other way round", client.search_prompts, f"name LIKE '{MINE}%'", **given)
    told("models are others", client.search_registered_models, f"name LIKE '{MINE}%'")
    told("versions of models are others", client.search_model_versions, f"name = '{GREETING}'")
    told("versions", client.search_prompt_versions, GREETING)
    told("a prompt", client.get_prompt, GREETING)
    told("no prompt", client.get_prompt, "never_made")
    told("a model of that name", client.create_registered_model, GREETING)


def deleting(client: MlflowClient) -> None:
    told("delete a version", client.delete_prompt_version, GREETING, "3")
    told("delete it again", client.delete_prompt_version, GREETING, "3")
    told("load it", mlflow.genai.load_prompt, GREETING, version=3, cache_ttl_seconds=0, allow_missing=True)
    told("the newest", mlflow.genai.load_prompt, f"prompts:/{GREETING}@latest", cache_ttl_seconds=0)
    told("delete a prompt with its versions", client.delete_prompt, GREETING)
    told("load it", mlflow.genai.load_prompt, GREETING, version=1, cache_ttl_seconds=0, allow_missing=True)
    told("get it", client.get_prompt, GREETING)
    told("delete it again", client.delete_prompt, GREETING)


if __name__ == "__main__":
    it = MlflowClient()
    for part in (registering, loading, aliases, tags):
        print(f"--- {part.__name__}")
        part()
    for part in (of_runs, searching, deleting):
        print(f"--- {part.__name__}")
        part(it)
