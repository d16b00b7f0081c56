# The service of bazkhord. Build: docker build -t bazkhord .   Run: docker run -p 8000:8000 -v bazkhord:/data bazkhord
# Every step is run in an empty folder by tests/test_dockerfile.py.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
# What the page is drawn with comes by npm; of it only the files that pyproject.toml names get into the image.
COPY api/dashboard/package.json api/dashboard/package-lock.json api/dashboard/.npmrc api/dashboard/with-node ./api/dashboard/
RUN python3 -m venv .node
RUN cd api/dashboard && PYTHON=/src/.node/bin/python ./with-node npm ci --omit=dev --ignore-scripts --loglevel=error
COPY config ./config
COPY models ./models
COPY pipeline ./pipeline
COPY api ./api
# 1 adds torch and transformers, for encoders other than the shipped one.
ARG WITH_TORCH=0
RUN python3 -m venv /opt/bazkhord
RUN if [ "$WITH_TORCH" = 1 ]; then extra='[train]'; else extra=''; fi; /opt/bazkhord/bin/pip install --no-cache-dir --quiet --constraint constraints.txt ".$extra"

FROM python:3.11-slim-bookworm
COPY --from=build /opt/bazkhord /opt/bazkhord
COPY config/sources.toml /etc/bazkhord/sources.toml
RUN useradd --system --uid 10001 --home-dir /data bazkhord && mkdir -p /data && chown bazkhord /data
ENV PATH=/opt/bazkhord/bin:$PATH
ENV BAZKHORD_DATA_DIR=/data
ENV BAZKHORD_SOURCES_FILE=/etc/bazkhord/sources.toml
ENV BAZKHORD_HOST=0.0.0.0
USER bazkhord
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# Listening on 0.0.0.0 needs a key first: docker run --rm -v bazkhord:/data bazkhord bazkhord keys add NAME
CMD ["bazkhord", "serve"]
