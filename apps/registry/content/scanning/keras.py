"""Keras models: HDF5 files, and the config.json of newer ones. Their Lambda layers are compiled Python."""

import re

from apps.registry.content.scanning.findings import Remark, Severity
from apps.registry.content.scanning.pieces import Examination, Piece

HDF5 = b"\x89HDF\r\n\x1a\n"
CONFIG = "config.json"
AT_A_TIME = 1024 * 1024
_LAMBDA = re.compile(rb'"class_name"\s{0,8}:\s{0,8}"Lambda"')
_LONGEST_MATCH = 64


def examine_keras(piece: Piece, examination: Examination) -> None:
    piece.stream.seek(0)
    text = b""
    while chunk := piece.stream.read(AT_A_TIME):
        text = text[-_LONGEST_MATCH:] + chunk
        if _LAMBDA.search(text):
            remark = Remark("code", Severity.WARNING, "It has a Lambda layer of Keras, which is compiled Python.")
            examination.findings.add(piece.path, remark)
            return
