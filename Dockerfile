# One image for web, worker, beat and set-up, one for backups; docker-compose.yml runs them.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/uv.txt requirements/base.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && uv pip install --no-cache --require-hashes --compile-bytecode -r requirements/base.txt \
    && pip uninstall --yes uv pip
COPY . .
# The manifest of static files is made with the image; the values are for this step alone and stay out of it.
RUN BHI_SECRET_KEY=build-only DATABASE_URL=postgresql://build@/build REDIS_URL=unix:///build \
    python manage.py collectstatic --noinput

# Backups and their drill: Postgres' own programs in the version of the compose file, beside the same Python.
FROM postgres:18-bookworm AS operate
RUN apt-get update && apt-get install --yes --no-install-recommends libffi8 libsqlite3-0 ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local /usr/local
RUN ldconfig && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bhi \
    && install --directory --owner bhi --mode 0700 /backups
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build --chown=root:root /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER bhi
ENTRYPOINT []
CMD ["python", "manage.py", "backup"]

FROM python:3.11-slim-bookworm AS product
# What sets the text of PDFs.
RUN apt-get update && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bhi \
    && install --directory --owner bhi --mode 0700 /backups
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build --chown=root:root /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER bhi
EXPOSE 8000
CMD ["gunicorn", "bhi.wsgi:application", "--config", "python:bhi.web.gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
