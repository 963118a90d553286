"""The pages of allauth that have a use here: e-mail, codes and sign-up are not among them."""

from allauth.account import views
from django.urls import path

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),  # says that it is closed
    path("password/change/", views.password_change, name="account_change_password"),
]
