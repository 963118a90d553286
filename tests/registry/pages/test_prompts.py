"""Prompts have pages of their own kind: templates, no stages, no files."""

import json

import pytest

from apps.accounts.models import User
from apps.registry.models import RegisteredModel
from apps.registry.prompts import own_tags, template_of
from apps.registry.rules import PROMPT_TAG, PROMPT_TEXT_TAG, PROMPT_TYPE_TAG
from tests.registry.pages.visiting import changed, read, words


def test_a_prompt_is_called_one(ada: User, prompt: RegisteredModel) -> None:
    page = words(read(ada, "model", prompt.pk))
    assert "greeting Prompt owner ada" in page
    assert "Registered model" not in page
    assert "Stages" not in page
    assert PROMPT_TAG not in page
    assert "lang en" in page


def test_a_version_of_a_prompt_shows_its_template_and_how_to_load_it(ada: User, prompt: RegisteredModel) -> None:
    page = read(ada, "version", prompt.pk, 2)
    assert "Dear <mark>{{ name }}</mark>,\nit is <mark>{{day}}</mark>." in page
    assert "Variables: name day" in words(page)
    assert "load_prompt(&#x27;prompts:/greeting/2&#x27;)" in page
    for foreign in ("Scan", "Lineage", "Model card", "load_model", "Stage"):
        assert foreign not in words(page)


def test_templates_are_compared_line_by_line(ada: User, prompt: RegisteredModel) -> None:
    page = words(read(ada, "versions-diff", prompt.pk))
    assert "-Hello {{name}}. +Dear {{ name }}, +it is {{day}}." in page
    assert "yes added" in page


def test_a_prompt_is_deleted_as_one(ada: User, prompt: RegisteredModel) -> None:
    assert changed(ada, "model-delete", prompt.pk, name="greeting") == ["The prompt is deleted."]


def test_a_chat_is_read_message_by_message() -> None:
    written = json.dumps([{"role": "system", "content": "Be {{kind}}."}, {"role": "user", "content": [{"text": "x"}]}])
    found = template_of({PROMPT_TEXT_TAG: written, PROMPT_TYPE_TAG: "chat"})
    assert [message.role for message in found.messages] == ["system", "user"]
    assert found.variables == ["kind"]
    assert found.text.startswith("system:\nBe {{kind}}.\n\nuser:\n[")


@pytest.mark.parametrize("written", ["no JSON", "{}", "[1]", "[" * 100_000])
def test_a_chat_that_is_none_is_shown_as_it_was_written(written: str) -> None:
    found = template_of({PROMPT_TEXT_TAG: written, PROMPT_TYPE_TAG: "chat"})
    assert found.text == written
    assert found.messages[0].role == ""


def test_a_template_with_scripts_and_half_variables_is_only_text(ada: User) -> None:
    found = template_of({PROMPT_TEXT_TAG: "{{a.b}} {{ 1x }} {{}} {{a.b}} <script>"})
    assert found.variables == ["a.b"]


def test_tags_of_clients_are_not_those_of_people() -> None:
    assert own_tags({PROMPT_TAG: "true", PROMPT_TYPE_TAG: "text", "lang": "en"}) == {"lang": "en"}
