"""Which addresses are read as a file's, which hosts are allowed, which numbers are public."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from helpdesk_bridge.errors import UnsafeURL
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.transport.urls import (
    check_file_host,
    file_url,
    is_public,
    redirected,
    same_origin,
)

BASE = URL("https://api.example.com/v1")
FAKE = URL("http://127.0.0.1:8080")
HOSTS = frozenset({"files.example.com", "cdn.example"})


def allowed(text: str, base: URL = BASE, hosts: frozenset[str] = HOSTS) -> bool:
    """Say whether a file may be read at this address."""
    try:
        check_file_host(file_url(text), base, hosts)
    except UnsafeURL:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "https://files.example.com",
        "https://files.example.com/a/b.png?X-Amz-Signature=a%2Fb&x=1#top",
        "https://FILES.example.com/",
        "https://eu.files.example.com:8443/",
        "https://cdn.example/M\u00fcller.txt",
        "https://a.b.cdn.example?x",
    ],
)
def test_a_named_host_and_those_below_it_are_allowed(text: str) -> None:
    assert allowed(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://files.example.com/",
        "https://example.com/",
        "https://api.example.com/",
        "https://xfiles.example.com/",
        "https://files.example.com.evil/",
        "https://files.example.com./",
        "https://cdn.example@evil.example/",
        "https://evil@cdn.example/",
        "https://:pw@cdn.example/",
        "https://@cdn.example/",
        "https://cdn.example\\.evil/",
        "https://evil.example\\@cdn.example/",
        "https:/cdn.example/",
        "https:cdn.example",
        "//cdn.example/",
        "cdn.example",
        "ftp://cdn.example/",
        "https://cdn.example:99999/",
        "https://cdn.example:/",
        "https://cdn.example /",
        "https://cdn\t.example/",
        "https://cdn.example/a b",
        "https://cdn.example/\r\nHost: evil",
        "https://cdn.example/\u202e",
        "\nhttps://cdn.example/",
        "https://cdn\uff0eexample/",  # a full-width dot
        "https://\u0441dn.example/",  # a Cyrillic letter
        "https://xn--dn-7ed.example/",
        "https://[::1]/",
        "https://127.0.0.1/",
        "",
    ],
)
def test_whatever_could_be_read_as_another_place_is_refused(text: str) -> None:
    assert not allowed(text)


@pytest.mark.parametrize("value", [None, 5, b"https://cdn.example/", ["https://cdn.example/"]])
def test_an_address_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(UnsafeURL):
        file_url(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_is_allowed_only_to_a_desk_that_is_on_it(host: str) -> None:
    near, hosts = f"http://{host}:9/", frozenset({"127.0.0.1", "localhost", "::1"})
    assert allowed(near, FAKE, hosts)
    assert not allowed(near, FAKE)
    assert not allowed(near, BASE, hosts)
    assert not allowed(near.replace("http:", "https:"), FAKE, hosts)


@pytest.mark.parametrize("address", ["8.8.8.8", "[2606:4700::1111]", "10.0.0.1", "[fe80::1]"])
def test_a_host_that_is_a_number_is_refused_whatever_the_adapter_names(address: str) -> None:
    name = frozenset({address.strip("[]")})
    assert not allowed(f"https://{address}/", hosts=name)


def test_a_desk_on_loopback_still_takes_foreign_files_over_https_only() -> None:
    assert allowed("https://cdn.example/", FAKE)
    assert not allowed("http://cdn.example/", FAKE)


@pytest.mark.parametrize("host", ["xn--", "XN--", "a.xn--", "xn--.cdn.example", "xn--a-.example"])
def test_a_host_whose_name_cannot_be_read_is_no_address(host: str) -> None:
    with suppress(UnsafeURL):
        check_file_host(file_url(f"https://{host}/x"), BASE, HOSTS)
    assert not same_origin(redirected(BASE, f"https://{host}/x"), BASE)


@given(st.text(max_size=40), st.sampled_from(["", "https://", "https://cdn.example", "//"]))
def test_no_text_leads_anywhere_but_to_an_allowed_host(text: str, start: str) -> None:
    with suppress(UnsafeURL):
        url = file_url(start + text)
        check_file_host(url, BASE, HOSTS)
        assert url.scheme == "https"
        assert any(f".{url.raw_host}".endswith(f".{host}") for host in HOSTS)
        assert (url.user, url.password) == (None, None)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "198.20.0.1"],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:a9fe:a9fe::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "files.example.com",
        "",
    ],
)
def test_no_other_address_is_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    kinds = ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_unspecified")
    if any(getattr(address, kind) for kind in kinds):
        assert not is_public(str(address))


def test_an_adapter_cannot_give_one_name_as_its_set_of_hosts() -> None:
    with pytest.raises(TypeError, match="set of host names"):
        type("Acme", (Adapter,), {"name": "acme", "file_hosts": "files.example.com"})
