"""`manage.py demo`: fill a server with the work of a believable team, to look at and to measure pages with."""

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.passwords import require_acceptable
from mlregistry import signing, startup
from mlregistry.actor import system
from mlregistry.errors import RegistryError
from mlregistry.progress import INTERRUPTED, ProgressLines

if TYPE_CHECKING:
    from apps.demo.team import Staff

RUNS, POINTS, SEED = 300, 2_000, 7
NEEDS = (
    "The demo trains models with scikit-learn, which is not installed here ({missing}): run make demo, or install"
    " requirements/demo.txt into the server's environment."
)


class Command(BaseCommand):
    help = (
        "Fill the server with people, experiments, runs, registered models and prompts to look at. The trainings are "
        "small, but real. It refuses where a demo is already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--runs",
            type=int,
            default=RUNS,
            help=f"how many runs (default: {RUNS}); those beyond {RUNS} are light ones, without files",
        )
        parser.add_argument(
            "--points", type=int, default=POINTS, help=f"metric points of the one long run (default: {POINTS})"
        )
        parser.add_argument("--seed", type=int, default=SEED, help="another number gives other data and other runs")
        parser.add_argument("--password", default="", help="password of every person (default: a random one each)")
        parser.add_argument(
            "--deploy", action="store_true", help="have champions deployed; takes a worker that reaches a Docker Engine"
        )

    def handle(self, **options: Any) -> None:
        try:
            # They load scikit-learn: here and nowhere else.
            from apps.demo.deploying import deploy_champions  # noqa: PLC0415
            from apps.demo.filling import FEWEST, Wanted, fill  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise CommandError(NEEDS.format(missing=error.name)) from None
        if options["runs"] < FEWEST or options["points"] < 2:  # noqa: PLR2004  a point of each of its two metrics
            raise CommandError(f"Ask for at least {FEWEST} runs, and for 2 points.")
        try:
            startup.require_good_settings(self.stdout.write)
            startup.require_writable(settings.MLREGISTRY_DATA)
            startup.prepare_database(self.stdout.write)
            signing.public_keys()  # made at the first start, as serve does
            if options["password"]:
                require_acceptable(options["password"])
            wanted = Wanted(options["runs"], options["points"], options["seed"], options["password"], timezone.now())
            staff = fill(wanted=wanted, by=system("demo"), say=ProgressLines(self.stdout))
            self._tell(staff)
            if options["deploy"]:
                self.stdout.write(f"A worker builds and starts {', '.join(deploy_champions(staff))}: see Deployments.")
        except (startup.Refusal, RegistryError) as refusal:
            raise CommandError(str(refusal)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from None

    def _tell(self, staff: "Staff") -> None:
        from apps.demo.team import MAY, sign_in_lines  # noqa: PLC0415  as above

        self.stdout.write("The demo is there. Its people, whose passwords are told this once:")
        for line in sign_in_lines(staff, MAY):
            self.stdout.write(line)
        self.stdout.write(f"The service account nightly-training signs in with the token {staff.token}")
