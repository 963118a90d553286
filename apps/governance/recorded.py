"""What the record says of governance."""

from apps.audit.sentences import add_sentences, name_target


def add() -> None:
    name_target("governance.changerequest", "change request", before="")
    name_target("governance.policy", "policy")
    name_target("governance.legalhold", "legal hold", before="the legal hold on")
    name_target("governance.comment", "comment", before="the")
    add_sentences(
        {
            "governance.request.open": "asked to {summary} ({target})",
            "governance.request.approve": "completed the approvals to {summary} ({target}), which waits for its gates",
            "governance.request.apply": "carried out {target}, approved by {approved_by}: to {summary}",
            "governance.request.reject": "rejected {target}, to {summary}: {outcome}",
            "governance.request.cancel": "withdrew {target}, to {summary}",
            "governance.request.expire": "let {target} expire, to {summary}",
            "governance.request.go_stale": "found {target} stale, to {summary}: {outcome}",
            "governance.request.fail": "could not carry out {target}, to {summary}: {outcome}",
            "governance.request.take_back": "took back {target}, to {summary}: {why}",
            "governance.request.keep": "could not take back {target}, to {summary}: {why}",
            "governance.request.warn": "warned that the approval of {target} runs out in {days} days, to {summary}",
            "governance.request.run_out": "found that the approval of {target} has run out, to {summary}",
            "governance.request.rerun_gates": "had the gates of {target} look again, to {summary}",
            "governance.request.break_glass": "broke glass to {summary} ({target}): {reason}",
            "governance.vote.approve": "approved {target}, to {summary}",
            "governance.vote.reject": "voted against {target}, to {summary}: {comment}",
            "governance.comment.create": "commented on {target}",
            "governance.comment.edit": "edited {target}",
            "governance.comment.delete": "deleted {target}",
            "governance.policy.draft": "drafted revision {revision} of {target}",
            "governance.policy.publish": "put revision {revision} of {target} in force",
            "governance.policy.retire": "retired {target}",
            "governance.hold.place": "placed {target}: {reason}",
            "governance.hold.lift": "lifted {target}: {reason}",
        }
    )
