"""Requests of MLflow's user calls."""

from mlregistry.wire.schema import Required, Schema


class CreateUser(Schema):
    username: Required
    password: Required


class NameUser(Schema):
    username: Required


class UpdatePassword(Schema):
    username: Required
    password: Required
    current_password: str = ""


class UpdateAdmin(Schema):
    username: Required
    is_admin: bool
