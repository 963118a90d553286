"""webhooks: create, list, get, update, delete, test. Nobody is called: whom they name cannot or may not be reached."""

from typing import Any

from tests.contract.steps import FOLLOWS, LIMIT, UNREAD, Step, delete, differs, get, patch, post

TWICE = differs(200, "", "the genuine server fails with the words of its database; once is what was meant")
OURS = differs(200, "", "the genuine server has no such event")
UNSAFE = differs(400, "INVALID_PARAMETER_VALUE", "the genuine server takes what no request can be sent to, or should")
AGREE = differs(400, "INVALID_PARAMETER_VALUE", "the id of the URL counts, and the body may name no other")
NO_SUCH = "0a1b2c3d-0000-4000-8000-000000000000"
URL = "https://8.8.8.8/hook"
CREATED = {"entity": "MODEL_VERSION", "action": "CREATED"}
TAG_SET = {"entity": "MODEL_VERSION_TAG", "action": "SET"}
HOOK = {"hook": "webhook.webhook_id"}
NOW = get("webhooks/$hook")


def hook(**fields: Any) -> Step:
    return post("webhooks", **{"name": "hook", "url": URL, "events": [CREATED]} | fields)


def made(**fields: Any) -> Step:
    return hook(save=HOOK, **fields)


def event(entity: Any, action: Any, **options: Any) -> Step:
    return hook(events=[{"entity": entity, "action": action}], **options)


def change(**fields: Any) -> Step:
    return patch("webhooks/$hook", **{"webhook_id": "$hook"} | fields)


SCENARIOS: dict[str, list[Step]] = {
    "a webhook is created and read": [
        made(description="tells the team", secret="s3cret", events=[TAG_SET, CREATED]),
        NOW,
        get("webhooks/$hook", webhook_id="$hook"),
        hook(),
        hook(status="DISABLED"),
        hook(status="ACTIVE", description=""),
        hook(status=1),
        hook(status=2),
        hook(secret="", colour="red"),
        hook(url="http://8.8.8.8:8080/a?b=c#d"),
        hook(url="HTTPS://8.8.8.8/"),
        hook(name="A.b_c-9"),
        hook(name="9"),
        hook(name="n" * 63),
    ],
    "a webhook is told of each event": [
        event(*name.split("."))
        for name in (
            "REGISTERED_MODEL.CREATED",
            "MODEL_VERSION.CREATED",
            "MODEL_VERSION_TAG.SET",
            "MODEL_VERSION_TAG.DELETED",
            "MODEL_VERSION_ALIAS.CREATED",
            "MODEL_VERSION_ALIAS.DELETED",
            "PROMPT.CREATED",
            "PROMPT_VERSION.CREATED",
            "PROMPT_TAG.SET",
            "PROMPT_TAG.DELETED",
            "PROMPT_VERSION_TAG.SET",
            "PROMPT_VERSION_TAG.DELETED",
            "PROMPT_ALIAS.CREATED",
            "PROMPT_ALIAS.DELETED",
            "BUDGET_POLICY.EXCEEDED",
        )
    ],
    "a webhook is told of events that are none": [
        event("PROMPT", "SET", says=True),
        event("PROMPT_TAG", "UPDATED", says=True),
        event("BUDGET_POLICY", "CREATED", says=True),
        event("MODEL_VERSION", "UPDATED"),
        event(1, 1),
        event(10, 5),
        event("REGISTERED_MODEL", "DELETED", differs=OURS),
        event("MODEL_VERSION_STAGE", "UPDATED", differs=OURS),
        event("DEPLOYMENT", "LIVE", differs=OURS),
        event("DEPLOYMENT", "CREATED"),
        event(0, 1),
        event(99, 1),
        event("ENTITY_UNSPECIFIED", "CREATED"),
        event("NOPE", "CREATED"),
        event("PROMPT", "NOPE"),
        event("prompt", "created"),
        event("", ""),
        hook(events=[{"entity": "PROMPT"}]),
        hook(events=[{"action": "CREATED"}]),
        hook(events=[{}]),
        hook(events=["PROMPT.CREATED"]),
        hook(events=[None]),
        hook(events=[], says=True),
        hook(events="PROMPT.CREATED", says=True),
        hook(events=CREATED),
        hook(events=[CREATED, CREATED], differs=TWICE),
    ],
    "a webhook is created wrongly": [
        post("webhooks", url=URL, events=[CREATED], says=True),
        post("webhooks", name="hook", events=[CREATED], says=True),
        post("webhooks", name="hook", url=URL, says=True),
        hook(name="", says=True),
        hook(url="", says=True),
        hook(name=5, says=True),
        hook(name="-hook", says=True),
        hook(name="hook-", says=True),
        hook(name="a hook", says=True),
        hook(name="höok", says=True),
        hook(name="n" * 64, says=True),
        hook(status="NOPE", differs=UNREAD),
        hook(status="active", differs=UNREAD),
        hook(status="", differs=UNREAD),
        hook(status=0),
        hook(status=3),
        hook(description=5),
        hook(secret=5),
        hook(description="d" * 1001, differs=LIMIT),
        hook(secret="s" * 501, differs=LIMIT),
    ],
    "a webhook's address cannot be": [
        hook(url=5, says=True),
        *(
            hook(url=url)
            for url in (
                " ",
                "8.8.8.8/hook",
                "ftp://8.8.8.8/",
                "file:///etc/passwd",
                "https://",
                "https:///hook",
                "https://[",
                "http://127.0.0.1/",
                "http://localhost/",
                "http://[::1]/",
                "http://2130706433/",
                "http://0x7f.1/",
                "http://0177.0.0.1/",
                "http://127.1/",
                "http://10.0.0.1/",
                "http://192.168.0.1/",
                "http://172.16.0.1/",
                "http://169.254.169.254/latest/meta-data/",
                "http://100.64.0.1/",
                "http://0.0.0.0/",
                "http://[::ffff:127.0.0.1]/",
                "http://[64:ff9b::7f00:1]/",
                "http://[2002:7f00:1::]/",
                "http://[fe80::1]/",
                "http://no-such-host.invalid/",
            )
        ),
        hook(url="http://user:password@8.8.8.8/", differs=UNSAFE),
        hook(url="http://8.8.8.8:0/", differs=UNSAFE),
        hook(url="http://8.8.8.8:99999/", differs=UNSAFE),
        hook(url="http://224.0.0.1/", differs=UNSAFE),
        hook(url="https://8.8.8.8/" + "u" * 500, differs=LIMIT),
    ],
    "webhooks are listed": [
        hook(name="first"),
        hook(name="second", description="d"),
        hook(name="third", status="DISABLED"),
        get("webhooks", max_results=1, save={"next": "next_page_token"}),
        get("webhooks", max_results=1, page_token="$next", save={"next": "next_page_token"}),
        get("webhooks", max_results=1, page_token="$next"),
        get("webhooks", max_results=3),
        get("webhooks", max_results="2"),
        get("webhooks", max_results=-1, says=True),
        get("webhooks", max_results=1001, says=True),
        get("webhooks", max_results="many", says=True),
        get("webhooks", page_token="garbage"),
    ],
    "a webhook that is not there": [
        get(f"webhooks/{NO_SUCH}", says=True),
        get("webhooks/no-such-webhook", says=True),
        get("webhooks/1", says=True),
        get("webhooks/m%27x", says=True),
        patch(f"webhooks/{NO_SUCH}", name="late", says=True),
        patch("webhooks/no-such-webhook", name="late", says=True),
        delete(f"webhooks/{NO_SUCH}", says=True),
        delete("webhooks/no-such-webhook", says=True),
        delete("webhooks/1", says=True),
        delete("webhooks/m%27x", says=True),
        delete(f"webhooks/{NO_SUCH.upper()}", says=True),
        post(f"webhooks/{NO_SUCH}/test", says=True),
        post("webhooks/no-such-webhook/test", webhook_id="no-such-webhook", says=True),
    ],
    "a webhook is changed": [
        made(description="first", secret="s3cret"),
        change(name="renamed"),
        change(description="second"),
        change(description=""),
        change(url="http://8.8.4.4/"),
        change(events=[TAG_SET, CREATED]),
        change(events=[]),
        change(name="", url=""),
        change(status="DISABLED"),
        change(status=1),
        change(secret="another"),
        change(secret=""),
        change(),
        patch("webhooks/$hook", name="by-the-url-alone"),
        NOW,
    ],
    "a webhook is changed wrongly": [
        made(),
        change(name="-", says=True),
        change(name=5),
        change(url="http://127.0.0.1/"),
        change(url="ftp://8.8.8.8/"),
        change(events=[{"entity": "PROMPT", "action": "SET"}], says=True),
        change(events="x"),
        change(events=[{"entity": "PROMPT"}]),
        change(status="NOPE", differs=UNREAD),
        change(status=7),
        change(description=5),
        change(description="d" * 1001, differs=LIMIT),
        get("webhooks/$hook", differs=FOLLOWS),
        patch("webhooks/$hook", webhook_id=NO_SUCH, name="other", differs=AGREE),
    ],
    "a webhook is deleted": [
        made(),
        delete("webhooks/$hook"),
        delete("webhooks/$hook", says=True),
        NOW,
        change(name="late"),
        post("webhooks/$hook/test"),
        made(),
        delete("webhooks/$hook", webhook_id="$hook"),
        get("webhooks/$hook", says=True),
    ],
    "a webhook is tested with what is no event": [
        made(),
        post("webhooks/$hook/test", event={"entity": "PROMPT", "action": "SET"}, says=True),
        post("webhooks/$hook/test", event={"entity": "PROMPT_ALIAS", "action": "SET"}, says=True),
        post("webhooks/$hook/test", event={"entity": "PROMPT"}),
        post("webhooks/$hook/test", event={}),
        post("webhooks/$hook/test", event="PROMPT.CREATED"),
        post("webhooks/$hook/test", event=[CREATED]),
        post("webhooks/$hook/test", event={"entity": "NOPE", "action": "CREATED"}),
    ],
}
