"""What the benchmarks beside this file have in common."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def write_random(path, size):
    """`size` random bytes, which do not compress."""
    with open(path, "wb") as data:
        for at in range(0, size, 1_000_000):
            data.write(os.urandom(min(1_000_000, size - at)))


def write_nginx_conf(directory, root, listen):
    """directory/nginx.conf, for one worker in the foreground."""
    path = os.path.join(directory, "nginx.conf")
    with open(path, "w") as f:
        f.write("daemon off; pid {0}/nginx.pid; error_log {0}/nginx.err; user root; worker_processes 1;\n"
                "events {{ worker_connections 1024; }}\n"
                "http {{ access_log off; sendfile on; server {{ listen {2}; root {1}; }} }}\n".format(directory, root, listen))
    return path
