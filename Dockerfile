# syntax=docker/dockerfile:1

# kubectl-stepscale as one static program in an empty image. On Alpine, Rust's own target is musl, which
# it links statically; the same file builds for every platform that buildx is asked for.

FROM rust:1.95-alpine AS build
# gcc and the headers of musl: parts of the cryptography are C and assembly.
RUN apk add --no-cache build-base ca-certificates
WORKDIR /build
COPY . .
# The repository is not copied, so that whoever builds says what `--version` names.
ARG REVISION=unknown
ARG STEPSCALE_COMMIT=${REVISION}
# Copied out, since a cache is not part of the layer.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin kubectl-stepscale \
    && install -D -m 0755 target/release/kubectl-stepscale /image/kubectl-stepscale \
    # `ldd` fails, or names nothing, where there is nothing to link.
    && ! ldd /image/kubectl-stepscale 2>/dev/null | grep -q '=>' \
    && /image/kubectl-stepscale --version

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="kubectl-stepscale" \
      org.opencontainers.image.description="Finds badly tuned Kubernetes autoscalers and proves a better setting" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# For what is asked by HTTPS and does not belong to the cluster.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/kubectl-stepscale /kubectl-stepscale
# Nobody's; a number, so that the kubelet can tell that it is not root.
USER 65532:65532
# A container has no home; `install` mounts a folder there.
ENV HOME=/var/lib/stepscale \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/kubectl-stepscale"]
CMD ["--help"]
