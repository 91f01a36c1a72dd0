# syntax=docker/dockerfile:1
# nerq in one image: command line and worker. `docker compose build` makes it; see docker-compose.yml.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
# Where torch comes from besides pip's own index. The default is its build for the CPU; empty takes pip's own,
# which on Linux carries CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_CONSTRAINT=/src/constraints.txt \
    PIP_BUILD_CONSTRAINT=/src/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY constraints.txt ./
# The large part first: it changes only with constraints.txt.
RUN python -m venv /opt/nerq \
    && /opt/nerq/bin/pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch transformers seqeval
COPY pyproject.toml README.md LICENSE ./
COPY worker worker
COPY training training
COPY cli cli
RUN /opt/nerq/bin/pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} .

FROM python:${PYTHON_VERSION}-slim-bookworm AS nerq
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp nerq
COPY --from=build /opt/nerq /opt/nerq
ENV PATH=/opt/nerq/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["nerq"]
CMD ["worker"]
# Settings, database, broker and model answer.
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s --retries=3 CMD ["nerq", "doctor"]

# The page about the queue; only `docker compose --profile flower` uses it.
FROM nerq AS flower
USER root
RUN --mount=type=bind,source=constraints.txt,target=/tmp/constraints.txt \
    pip install --no-cache-dir --constraint /tmp/constraints.txt flower
USER 10001:10001
ENTRYPOINT ["python", "-m", "worker.queue.flower", "--address=0.0.0.0"]
CMD []
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5555/healthcheck')"]

# What `docker build .` makes without a target.
FROM nerq
