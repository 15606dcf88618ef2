# The server as an image. See docs/packages.md for how to run it.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p fanfare && strip target/release/fanfare

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/fanfare --shell /usr/sbin/nologin fanfare \
    && install -d -o fanfare -g fanfare -m 700 /var/lib/fanfare
COPY --from=build /src/target/release/fanfare /usr/bin/fanfare
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/fanfare/
USER 10001
ENV FANFARE_LISTEN=0.0.0.0:8080 FANFARE_DATA=/var/lib/fanfare
VOLUME /var/lib/fanfare
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/bin/sh", "-c", "fanfare health --alive --quiet || exit 1"]
ENTRYPOINT ["fanfare"]
CMD ["serve"]
