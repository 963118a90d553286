"""Prompts kept beside the models: versioned, given an alias, and filled in by whatever runs in production.

For MLflow 3; MLflow 2 has them elsewhere.
"""

import mlflow
import mlflow.genai

NAME = "summary"
LIVE = f"prompts:/{NAME}@live"


def main() -> None:
    mlflow.set_experiment("Summaries")
    first = mlflow.genai.register_prompt(
        name=NAME,
        template="Summarise in {{count}} sentences: {{text}}",
        commit_message="How we began",
        tags={"task": "summary"},
    )
    mlflow.genai.set_prompt_alias(NAME, alias="live", version=first.version)
    chat = mlflow.genai.register_prompt(
        name=NAME,
        template=[
            {"role": "system", "content": "You summarise in {{count}} sentences, in plain words."},
            {"role": "user", "content": "{{text}}"},
        ],
        commit_message="As a conversation",
    )

    with mlflow.start_run(run_name="with both"):
        for version in (first.version, chat.version):
            mlflow.genai.set_prompt_alias(NAME, alias="live", version=version)
            prompt = mlflow.genai.load_prompt(LIVE, cache_ttl_seconds=0)
            filled = prompt.format(count=2, text="MLflow keeps prompts, too.")
            mlflow.log_param(f"words of version {version}", len(str(filled).split()))
            print(f"version {prompt.version}, {prompt.commit_message}: {filled}")

    found = mlflow.genai.search_prompts(f"name = '{NAME}'")
    print("prompts:", [prompt.name for prompt in found], "variables:", sorted(chat.variables))
    mlflow.genai.delete_prompt_alias(NAME, alias="live")


if __name__ == "__main__":
    main()
