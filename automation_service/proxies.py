"""Which way a browser takes to a host: by the proxies of the environment, to its own hosts alone.

A proxy finds hosts by itself, so what the browser cannot find it could still ask a proxy for.
Chromium is told its way by a script of its own, as in any proxy auto-config file.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies

_KINDS = {
    "": "PROXY",
    "http": "PROXY",
    "https": "HTTPS",
    "socks": "SOCKS5",
    "socks4": "SOCKS",
    "socks5": "SOCKS5",
    "socks5h": "SOCKS5",
}
_PORTS = {"PROXY": 80, "HTTPS": 443, "SOCKS": 1080, "SOCKS5": 1080}
# A socket is opened as a page of its kind of address is loaded.
_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}

_SCRIPT = """
function FindProxyForURL(url, host) {
  const among = (pattern) => shExpMatch(host, pattern);
  if (!HOSTS.some(among) || PAST.some(among)) return "DIRECT";
  return WAYS[url.split(":")[0]] || "DIRECT";
}
"""


def proxy_hosts() -> tuple[str, ...]:
    """The hosts of the environment's proxies."""
    urls = (url for scheme, url in getproxies().items() if scheme != "no")
    return tuple(host for url in urls if (host := _parts(url)[1]))


def proxy_script(hosts: Iterable[str]) -> str:
    """An address of the script for these hosts, or "" if the environment names no proxy.

    `*.example.com` means all below example.com. What `no_proxy` names is asked for directly, like
    all that is not among `hosts`, which the browser cannot find by itself.
    """
    known = getproxies()
    ways = {
        scheme: _way(url)
        for scheme, named in _SCHEMES.items()
        if (url := known.get(named) or known.get("all"))
    }
    if not ways:
        return ""
    past = [form for name in known.get("no", "").split(",") for form in _forms(name.strip())]
    told = {"HOSTS": [host.lower() for host in hosts], "PAST": past, "WAYS": ways}
    script = _SCRIPT
    for name, value in told.items():
        script = script.replace(name, json.dumps(value))
    encoded = b64encode(script.encode()).decode()
    return f"data:application/x-ns-proxy-autoconfig;base64,{encoded}"


def _forms(name: str) -> tuple[str, ...]:
    bare = name.partition(":")[0].removeprefix("*").removeprefix(".")
    if name == "*":
        return ("*",)
    return (bare, f"*.{bare}") if bare else ()


def _way(url: str) -> str:
    scheme, host, port = _parts(url)
    kind = _KINDS.get(scheme, "PROXY")
    spelled = f"[{host}]" if ":" in host else host
    return f"{kind} {spelled}:{port or _PORTS[kind]}"


def _parts(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url if "//" in url else f"//{url}")
    return parts.scheme, parts.hostname or "", parts.port
