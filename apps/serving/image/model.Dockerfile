# A model, with what answers for it. Nothing in here comes from whoever registered it: that is only in files.
ARG PACKAGES
FROM ${PACKAGES}
COPY scorer.py ask.py /opt/scorer/
COPY model /opt/model
WORKDIR /opt/scorer
ENV HOME=/tmp MPLCONFIGDIR=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["/opt/venv/bin/python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8080", "scorer:application"]
