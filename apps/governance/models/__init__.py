"""Policies, change requests with what speaks for and against them, and legal holds.

Whom rows name is written out (a username, and the key it had): deleting a person changes no record of what they did.
"""

from apps.governance.models.holds import LegalHold
from apps.governance.models.policies import Policy, PolicyRevision
from apps.governance.models.requests import ChangeRequest, Comment, Exclusion, GateRun, Vote

__all__ = ["ChangeRequest", "Comment", "Exclusion", "GateRun", "LegalHold", "Policy", "PolicyRevision", "Vote"]
