FROM base AS packages-serve
COPY .python-version pyproject.toml uv.lock ./
{% if plan.has_extras %}
ARG ACCELERATOR=cpu
{% endif %}
# Without what the service never imports (Parquet, databases), tests, and compiler inputs. Bytecode is
# compiled only for what it imports.
RUN --mount=type=bind,from=uv,source=/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=netrc,target=/root/.netrc,required={{ plan.packages.has_login | quoted }} \
    uv sync --locked --no-default-groups --no-install-project \
        --extra serving{{ plan.packages.build_option }} \
        --no-install-package alembic --no-install-package mako --no-install-package sqlalchemy \
        --no-install-package cffi --no-install-package cryptography --no-install-package pycparser \
        --no-install-package gitdb --no-install-package gitpython --no-install-package smmap \
        --no-install-package prettytable --no-install-package pyarrow --no-install-package wcwidth \
    && find /opt/venv -depth -type d -name tests -exec rm -r {} + \
    && find /opt/venv -type f -regex '.*\.\(a\|c\|cpp\|h\|hpp\|lib\|pxd\|pxi\|pyi\|pyx\)' -delete \
    && HOME=/tmp/home python -c "import sys, {{ plan.served | join(', ') }}; \
        files = [getattr(module, '__file__', None) or '' for module in sys.modules.values()]; \
        print(*sorted(file for file in files if file.endswith('.py')), sep='\n')" > /tmp/imported \
    && PYTHONHASHSEED=0 python -m compileall -q -i /tmp/imported --invalidation-mode unchecked-hash \
    && rm -r /tmp/* \
    && find /opt -exec touch --no-dereference --date=@0 {} +
