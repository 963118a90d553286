"""Every table is in the admin, to be looked at; what was asked, decided and sent leads to its own page."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.governance.models import ChangeRequest, Vote
from apps.notices.models import Notice

pytestmark = pytest.mark.django_db

WITHOUT_ROWS_OF_THEIR_OWN = {"tracking.metric"}
"""Points are millions a run, by a key that the admin has no words for: each run's metrics lead to them."""


def test_every_table_of_ours_is_in_the_admin() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    missing = {model._meta.label_lower for model in ours if not admin.site.is_registered(model)}
    assert missing == WITHOUT_ROWS_OF_THEIR_OWN


@pytest.mark.parametrize("app", ["governance", "notices", "audit", "accounts"])
def test_each_table_is_listed_searched_and_opened(app: str, applied: ChangeRequest, root: User, client: Client) -> None:
    client.force_login(root)
    for model in apps.get_app_config(app).get_models():
        place = f"admin:{app}_{model._meta.model_name}"
        for asked in ({}, {"q": "rita"}, {"q": "1"}):
            assert client.get(reverse(f"{place}_changelist"), asked).status_code == 200, place
        row = model._default_manager.first()
        if row is not None:
            assert client.get(reverse(f"{place}_change", args=[row.pk])).status_code == 200, place


def test_rows_are_found_lead_to_their_pages_and_cannot_be_changed(
    applied: ChangeRequest, root: User, rita: User, client: Client
) -> None:
    client.force_login(root)
    shown = client.get(reverse("admin:governance_vote_changelist"), {"q": "rita"}).content.decode()
    assert ("rita" in shown, "ivan</a>" in shown) == (True, False)
    vote = reverse("admin:governance_vote_change", args=[Vote.objects.get(voter="rita").pk])
    shown = client.get(vote).content.decode()
    assert f'href="/admin/reviews/{applied.pk}/"' in shown
    assert 'name="_save"' not in shown
    assert client.post(vote, {"decision": "reject"}).status_code == 403
    client.force_login(rita)
    assert client.get(vote).status_code == 403


def test_notices_are_found_by_whom_they_are_for(applied: ChangeRequest, root: User, client: Client) -> None:
    client.force_login(root)
    told = Notice.objects.filter(person__username="rita").first()
    assert told is not None
    shown = client.get(reverse("admin:notices_notice_changelist"), {"q": "rita"}).content.decode()
    assert told.sentence[:20] in shown
