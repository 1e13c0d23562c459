# It starts with a token only ({{ plan.env_prefix }}SERVE_TOKEN), or behind a proxy that controls access
# ({{ plan.env_prefix }}BEHIND_PROXY=true).
FROM packages-serve AS serve
USER 10001:10001
ENV HOME=/tmp \
    {{ plan.env_prefix }}HOST=0.0.0.0 \
    {{ plan.env_prefix }}PORT=8000
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"{{ plan.env_prefix }}PORT\"]}/ready')"]
ENTRYPOINT ["{{ plan.distribution }}"]
CMD ["serve"]
COPY config config
COPY --from=project /opt /opt

# `just image-model` exports the model to this folder.
FROM serve AS serve-model
COPY export/model model
ENV {{ plan.env_prefix }}MODEL=model
