"""Where the pages of governance are, below /admin/."""

from django.urls import path

from apps.governance.pages import holds, policies, queue, reports, review

REVIEW = "reviews/<int:pk>/"
POLICY = "policies/<int:pk>/"

urlpatterns = [
    path("reviews/", queue.reviews, name="reviews"),
    path("reviews/decide/", queue.decide, name="reviews-decide"),
    path("reports/", reports.report, name="reports"),
    path("reports/<slug:name>/", reports.report, name="report"),
    path(REVIEW, review.review, name="review"),
    path(f"{REVIEW}progress/", review.progress, name="review-progress"),
    path(f"{REVIEW}vote/", review.vote, name="review-vote"),
    path(f"{REVIEW}withdraw/", review.withdraw, name="review-withdraw"),
    path(f"{REVIEW}revalidate/", review.revalidate, name="review-revalidate"),
    path(f"{REVIEW}gates/", review.look_again, name="review-gates"),
    path(f"{REVIEW}comments/", review.comment, name="review-comment"),
    path(f"{REVIEW}comments/<int:number>/", review.edit_comment, name="review-comment-edit"),
    path(f"{REVIEW}break-glass/", review.break_the_glass, name="review-break-glass"),
    path("policies/", policies.policies, name="policies"),
    path("policies/new/", policies.new_policy, name="policy-new"),
    path(POLICY, policies.policy, name="policy"),
    path(f"{POLICY}edit/", policies.edit_policy, name="policy-edit"),
    path(f"{POLICY}revisions/<int:number>/dry-run/", policies.try_revision, name="policy-dry-run"),
    path(f"{POLICY}revisions/<int:number>/publish/", policies.publish, name="policy-publish"),
    path(f"{POLICY}retire/", policies.retire, name="policy-retire"),
    path("holds/", holds.holds, name="holds"),
    path("holds/place/", holds.place, name="hold-place"),
    path("holds/<int:pk>/lift/", holds.lift, name="hold-lift"),
]
