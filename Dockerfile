# The page and the HTTP API of guillemets, with the model inside: nothing is fetched at run time.
#   docker build -t guillemets .
#   docker run --rm -p 127.0.0.1:8000:8000 guillemets
FROM python:3.12-slim AS build

WORKDIR /src
RUN python -m venv /opt/guillemets
ENV PATH=/opt/guillemets/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt .
# By exact version, as in the Makefile: a range would pull the build with CUDA.
RUN pip install -c constraints.txt "torch==$(sed -n 's/^torch==//p' constraints.txt)"
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY configs configs
COPY inference inference
COPY training training
COPY models models
# The exported model answers three times as many as torch, in half the memory.
RUN pip install -c constraints.txt ".[serve,openvino]" && guillemets export --out /opt/guillemets/model

FROM python:3.12-slim

COPY --from=build /opt/guillemets /opt/guillemets
RUN useradd --system --no-create-home --shell /usr/sbin/nologin guillemets
USER guillemets
ENV PATH=/opt/guillemets/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    HOME=/tmp
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
# Browsers may call it localhost; for another name add --allow-host NAME.
ENTRYPOINT ["guillemets", "serve", "--host", "0.0.0.0", "--port", "8000", \
    "--backend", "openvino", "--model", "/opt/guillemets/model"]
CMD ["--quiet"]
