"""What a user does with webhooks, by the genuine client: `python webhook_script.py URL`. Prints what it saw, as JSON.

This file is run by the Python under test: it may import nothing of the project.
"""

import json
import sys

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


def shown(webhook):  # noqa: ANN001, ANN201  what the client gives is for the client to say
    return {
        "name": webhook.name,
        "url": webhook.url,
        "events": [str(event) for event in webhook.events],
        "status": str(webhook.status),
        "description": webhook.description,
        "secret": webhook.secret,
    }


def result(tested):  # noqa: ANN001, ANN201
    return [tested.success, tested.response_status, tested.response_body, tested.error_message]


def main(url: str) -> None:
    client = MlflowClient()
    made = client.create_webhook(
        name="ci", url=f"{url}/hook", events=["model_version.created", "prompt.created"], secret="s3cret"
    )
    second = client.create_webhook(name="other", url=f"{url}/other", events=["prompt.created"], status="DISABLED")
    page = client.list_webhooks(max_results=1)
    seen = {
        "made": shown(made),
        "got": shown(client.get_webhook(made.webhook_id)),
        "listed": [webhook.name for webhook in page],
        "rest": [webhook.name for webhook in client.list_webhooks(max_results=1, page_token=page.token)],
        "changed": shown(
            client.update_webhook(
                made.webhook_id, name="cd", description="builds", events=["model_version_alias.created"]
            )
        ),
        "tested": result(client.test_webhook(made.webhook_id)),
        "tested for an event": result(client.test_webhook(made.webhook_id, event="prompt_tag.set")),
        "tested without a secret": result(client.test_webhook(second.webhook_id)),
    }
    client.update_webhook(made.webhook_id, url=f"{url}/refuses")
    seen["refused"] = result(client.test_webhook(made.webhook_id))
    client.delete_webhook(made.webhook_id)
    client.delete_webhook(second.webhook_id)
    try:
        client.get_webhook(made.webhook_id)
    except MlflowException as error:
        seen["deleted"] = error.error_code
    seen["left"] = len(client.list_webhooks())
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1])
