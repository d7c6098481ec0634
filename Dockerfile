# A small image of the linter, which needs no network when it runs: docs/ci.md says how to build and start it.
#
# The base is pinned by its tag, not by a digest: a digest keeps the holes of Debian and Python that were found since, and
# nobody here would move it on. Who has to build the same image twice writes `--build-arg BASE=python@sha256:...`.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY lint lint
COPY rules rules
RUN python -m venv /opt/kube-audit-lint && /opt/kube-audit-lint/bin/pip install --no-cache-dir .

FROM ${BASE}
COPY --from=build /opt/kube-audit-lint /opt/kube-audit-lint
ENV PATH=/opt/kube-audit-lint/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# Nobody in particular: who writes reports to a mounted folder gives --user "$(id -u):$(id -g)".
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["kube-audit-lint"]
CMD ["check", "."]
