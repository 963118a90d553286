"""Where the pages of governance are, below /admin/."""

from django.urls import path

from apps.governance.pages import queue, review

REVIEW = "reviews/<int:pk>/"

urlpatterns = [
    path("reviews/", queue.reviews, name="reviews"),
    path("reviews/decide/", queue.decide, name="reviews-decide"),
    path(REVIEW, review.review, name="review"),
    path(f"{REVIEW}progress/", review.progress, name="review-progress"),
    path(f"{REVIEW}vote/", review.vote, name="review-vote"),
    path(f"{REVIEW}withdraw/", review.withdraw, name="review-withdraw"),
    path(f"{REVIEW}revalidate/", review.revalidate, name="review-revalidate"),
    path(f"{REVIEW}gates/", review.look_again, name="review-gates"),
    path(f"{REVIEW}comments/", review.comment, name="review-comment"),
    path(f"{REVIEW}comments/<int:number>/", review.edit_comment, name="review-comment-edit"),
]
