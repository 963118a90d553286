# The packages of a model on the image that all stand on. Built without a network: WHEELS is where they were fetched.
ARG WHEELS
ARG BASE
FROM ${WHEELS} AS wheels
COPY install.py lock.txt /work/
RUN ["python3", "-I", "/work/install.py"]

FROM ${BASE}
COPY --from=wheels /opt/venv /opt/venv
