"""Which way a browser takes to a host: by the proxies of the environment, to its own hosts alone.

A proxy finds hosts by itself, so what the browser cannot find it could still ask a proxy for.
Chromium is told its way by a script of its own, as in any proxy auto-config file.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies

import structlog

log = structlog.get_logger()

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
    return tuple(host for url in urls if (host := _parts(url).hostname))


def proxy_script(hosts: Sequence[str]) -> str:
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
    own = [host.lower() for host in hosts]
    named = [name.strip().lower() for name in known.get("no", "").split(",")]
    past = [form for name in named for form in _past(name, own)]
    told = {"HOSTS": own, "PAST": past, "WAYS": ways}
    script = _SCRIPT
    for name, value in told.items():
        script = script.replace(name, json.dumps(value))
    encoded = b64encode(script.encode()).decode()
    return f"data:application/x-ns-proxy-autoconfig;base64,{encoded}"


def _past(name: str, hosts: Sequence[str]) -> tuple[str, ...]:
    """The patterns for one part of `no_proxy`: a host and all below it, or a network's hosts."""
    if name == "*":
        return ("*",)
    bare = name.removeprefix("*").removeprefix(".").strip("[]")
    try:
        network = ip_network(bare, strict=False)
    except ValueError:
        bare = bare.partition(":")[0]
        return (bare, f"*.{bare}") if bare else ()
    return tuple(host for host in hosts if _is_in(host.strip("[]"), network))


def _is_in(host: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(host) in network
    except ValueError:
        return False


def _way(url: str) -> str:
    parts = _parts(url)
    kind = _KINDS.get(parts.scheme, "PROXY")
    host = parts.hostname or ""
    spelled = f"[{host}]" if ":" in host else host
    try:
        port = parts.port
    except ValueError:
        # Whoever wrote it is told by the portal's not being reached, and in these words.
        log.warning("proxy_port_not_understood", host=host)
        port = None
    return f"{kind} {spelled}:{port or _PORTS[kind]}"


def _parts(url: str) -> SplitResult:
    return urlsplit(url if "//" in url else f"//{url}")
