"""A notice as an e-mail: a subject that says it all, plain text and simple HTML, one thread for each request."""

import smtplib
from email.utils import formataddr
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from apps.governance.announcing import Event
from apps.notices.choices import SUBJECTS
from apps.notices.models import Notice
from apps.notices.services.outcomes import Failed
from mlregistry.printable import printable

SUBJECT = 200
_FOR_GOOD = HTTPStatus.INTERNAL_SERVER_ERROR
"""From here on SMTP's answers, too, are final."""


def send(notice: Notice) -> None:
    """One attempt; raises `Failed` where the mail server did not take it."""
    try:
        message(notice).send()
    except smtplib.SMTPRecipientsRefused as refused:
        code, _ = next(iter(refused.recipients.values()))
        raise Failed(f"The mail server refused the address ({code}).", may_retry=code < _FOR_GOOD) from None
    except smtplib.SMTPAuthenticationError:  # its words may quote what was tried
        raise Failed("The mail server refused the user name or password.") from None
    except smtplib.SMTPResponseException as error:
        raise Failed(f"The mail server answered {error.smtp_code}.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Failed(f"No mail server took it: {printable(str(error) or type(error).__name__)}.") from None


def message(notice: Notice) -> EmailMultiAlternatives:
    """Needs a notice for a person."""
    if notice.person is None:
        raise Failed("This is a notice to nobody in particular.", may_retry=False)
    choosing = f"{settings.MLREGISTRY_URL}{reverse('notice-preferences')}"
    told = {
        "notice": notice,
        "request": notice.request,
        "subject": SUBJECTS[Event(notice.event)],
        "address": f"{settings.MLREGISTRY_URL}{notice.address}",
        "choosing": choosing,
        "server": settings.MLREGISTRY_URL,
    }
    host = urlsplit(settings.MLREGISTRY_URL).hostname or "localhost"
    made = EmailMultiAlternatives(
        subject=f"[mlregistry] {printable(notice.sentence, SUBJECT)}",
        body=render_to_string("notices/mail.txt", told),
        from_email=settings.MLREGISTRY_EMAIL_FROM,
        to=[formataddr((notice.person.get_full_name(), notice.person.email))],
        headers={
            "Message-ID": f"<notice.{notice.pk}.{notice.made_at:%Y%m%d%H%M%S}@{host}>",
            "References": f"<change-request.{notice.request_id}@{host}>",
            "List-Unsubscribe": f"<{choosing}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    made.attach_alternative(render_to_string("notices/mail.html", told), "text/html")
    return made
