FROM ${BASE} AS build
# PIP_CERT and SSL_CERT_FILE name the secret with certificate authorities,
# where the network needs some of its own.
ARG PIP_CERT
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    pip install --break-system-packages uv
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
RUN uv venv /opt/venv
ARG SSL_CERT_FILE
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=model/requirements.txt,target=/requirements.txt \
    uv pip install --python /opt/venv/bin/python -r /requirements.txt

FROM ${BASE}
COPY --link --from=build /opt/venv /opt/venv
COPY --link model /opt/model
ENV PATH=/opt/venv/bin:$PATH __pyfunc_model_path__=/opt/model MLFLOW_DISABLE_TELEMETRY=true
USER 1000:1000
EXPOSE 8080
CMD ["uvicorn", "--host", "0.0.0.0", "--port", "8080", "mlflow.pyfunc.scoring_server.app:app"]
