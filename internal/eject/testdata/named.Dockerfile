# Made by "deployfile eject". It needs deployfile no longer:
#
#     docker build -t IMAGE .
#
# What is fetched is pinned by a hash or a digest. A package index that wants a
# credential finds it in --secret id=netrc,src=$HOME/.netrc, one in place of the default
# one is named by --secret id=uv,src=uv.toml, and --secret id=ca,src=ca.pem has the
# certificate authorities to trust.

FROM scratch AS uv-amd64
ADD --checksum=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa https://files.example.com/uv.whl /uv.whl

FROM uv-${BUILDARCH} AS uv

FROM --platform=$BUILDPLATFORM python:3.11@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa AS environment
USER 0
COPY --from=uv /uv.whl /tmp/uv.whl
RUN /usr/bin/python3.11 -m zipfile -e /tmp/uv.whl /tmp/uv && \
    chmod +x /tmp/uv/*/scripts/uv && \
    mkdir -p /opt/venv/bin && ln -sfn /usr/bin/python3.11 /opt/venv/bin/python && ln -sfn python /opt/venv/bin/python3 && ln -sfn python /opt/venv/bin/python3.11 && \
    printf 'home = %s\ninclude-system-site-packages = false\nversion = %s\n' /usr/bin 3.11 >/opt/venv/pyvenv.cfg
COPY requirements.txt /tmp/requirements.txt
COPY wheels/ /tmp/wheels/
RUN --mount=type=secret,id=netrc,target=/root/.netrc --mount=type=secret,id=uv,target=/etc/uv/uv.toml --mount=type=secret,id=ca \
    SSL_CERT_FILE=/run/secrets/ca /tmp/uv/*/scripts/uv pip install --python /opt/venv/bin/python --python-platform x86_64-manylinux_2_40 \
    --no-cache --no-deps --require-hashes --only-binary :all: --index-strategy unsafe-best-match \
    --compile-bytecode --find-links /tmp/wheels -r /tmp/requirements.txt && rm -f /opt/venv/.lock
# The base has its Python elsewhere.
RUN mkdir -p /opt/venv/bin && ln -sfn /usr/local/bin/python3.11 /opt/venv/bin/python && ln -sfn python /opt/venv/bin/python3 && ln -sfn python /opt/venv/bin/python3.11 && \
    printf 'home = %s\ninclude-system-site-packages = false\nversion = %s\n' /usr/local/bin 3.11 >/opt/venv/pyvenv.cfg

FROM scratch AS debs
ADD --checksum=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa https://debs.example.com/libgomp1_12%2bb1_amd64.deb /001.deb

FROM --platform=linux/amd64 python:3.11-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
USER 0
RUN --mount=type=bind,from=debs,target=/debs \
    export DEBIAN_FRONTEND=noninteractive && find /debs -name '*.deb' -exec dpkg --unpack {} + && dpkg --configure -a
RUN grep -q '^[^:]*:[^:]*:65532:' /etc/passwd || echo 'nonroot:x:65532:65532::/tmp:/usr/sbin/nologin' >>/etc/passwd
COPY --from=environment /opt/venv /opt/venv
COPY --chmod=755 serve /opt/venv/bin/serve
COPY serve.json /opt/venv/serve.json
COPY server/ /opt/venv/lib/deployfile/deployfile_server/
COPY code/ /opt/code/
COPY model/ /opt/model/
ENV GREETING="say \"hi\" for \$5 \\o/"
ENV PATH="/opt/venv/bin:/usr/bin"
LABEL org.opencontainers.image.title="iris"
USER 65532:65532
WORKDIR /opt/model
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK NONE
ENTRYPOINT []
CMD ["serve"]
