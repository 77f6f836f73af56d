"""The configuration of an nginx that does what the bundled server does."""

from pathlib import Path

from benchmarks.servers.certificate import Certificate
from benchmarks.servers.constant import REPLY_BODY

CONFIGURATION = """\
daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/nginx-body;
    proxy_temp_path {directory}/nginx-proxy;
    fastcgi_temp_path {directory}/nginx-fastcgi;
    uwsgi_temp_path {directory}/nginx-uwsgi;
    scgi_temp_path {directory}/nginx-scgi;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port}{tls};
        {certificate}
        location / {{ return 200 '{reply}'; }}
    }}
}}
"""


def write_configuration(directory: Path, port: int, certificate: Certificate | None) -> Path:
    """Write `nginx.conf` for one process on loopback `port` and return its path."""
    lines = ""
    if certificate:
        lines = f"ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.chain};"
    path = directory / "nginx.conf"
    path.write_text(
        CONFIGURATION.format(
            directory=directory,
            port=port,
            tls=" ssl" if certificate else "",
            certificate=lines,
            reply=REPLY_BODY.decode(),
        )
    )
    return path
