"""Services in the register of a library on a server: every department lists them, the library's owner keeps them."""

import pytest

WFS = ("--type", "wfs", "--url", "https://gis.example.gov.cn/wfs", "--layer", "ns:redline", "--department", "land")


@pytest.fixture
def services_of(server_shelf, onemap):
    """The services as an account sees them."""

    def read(account="onemap"):
        return onemap("layers", server_shelf.url_as(account)).json["services"]

    return read


def test_a_service_on_a_server_is_listed_for_a_department_with_its_snapshots(
    server_shelf, onemap, services_of, squares
):
    assert onemap("service", server_shelf.url, "红线", *WFS).code == 0
    taken = {"service": "红线", "taken_at": "2026-11-20T10:30:00+08:00"}
    answer = server_shelf.add(squares, **taken)
    assert answer.code == 0, answer.json
    forester = server_shelf.account("onemap_test_forester", "forestry")
    (service,) = services_of(forester)
    assert (service["name"], service["department"]) == ("红线", "land")
    assert service["snapshots"] == [{"table": "T__1", "taken_at": "2026-11-20T02:30:00Z"}]
    assert onemap("verify", server_shelf.url).code == 0


def test_a_department_does_not_change_the_register(server_shelf, onemap, services_of):
    assert onemap("service", server_shelf.url, "红线", *WFS).code == 0
    forester = server_shelf.url_as(server_shelf.account("onemap_test_forester", "forestry"))
    assert onemap("service", forester, "另一个", *WFS).code == 3
    assert onemap("service", forester, "红线", "--remove").code == 3
    assert [service["name"] for service in services_of()] == ["红线"]


def test_a_copy_of_a_library_has_its_services(server_shelf, onemap, squares, tmp_path):
    assert onemap("service", server_shelf.url, "红线", *WFS).code == 0
    assert server_shelf.add(squares, service="红线").code == 0
    copy = tmp_path / "copy.gpkg"
    answer = onemap("copy", server_shelf.url, copy)
    assert answer.code == 0, answer.json
    (service,) = onemap("layers", copy).json["services"]
    assert (service["name"], len(service["snapshots"])) == ("红线", 1)
