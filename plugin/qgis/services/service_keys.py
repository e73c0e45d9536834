"""Keys of services that take them in the address, such as 天地图's tk: stored in QGIS's authentication store only.

QGIS's own method "API Header" sends the stored key as a header. A server that reads its key only from the address would
not see it, so a header of that name is moved into the address of each request just before it is sent. Thus no library,
project or data source ever contains the key.
"""

from __future__ import annotations

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QByteArray, QUrl, QUrlQuery
from qgis.PyQt.QtNetwork import QNetworkRequest

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr

KEY = "tk"
METHOD = "APIHeader"
METHOD_VERSION = 1


def store_key(name: str, key: str) -> str:
    """Store a key in QGIS's authentication store; return the id of its entry.

    QGIS asks for its master password if needed. Raises Refusal if the store is disabled, or stays locked.
    """
    manager = QgsApplication.authManager()
    if manager.isDisabled():
        raise Refusal(
            tr("QGIS's authentication store cannot be used: {reason}").format(reason=manager.disabledMessage())
        )
    config = QgsAuthMethodConfig(METHOD, METHOD_VERSION)
    config.setName(name)
    config.setConfig(KEY, key.strip())
    if not manager.setMasterPassword(True) or not manager.storeAuthenticationConfig(config)[0]:
        raise Refusal(tr("The key was not stored: QGIS's authentication store is locked. Open it, and try again."))
    return config.id()


def key_in(address: str) -> tuple[str, str]:
    """An address without its key, and the key; an empty key if there is none."""
    url = QUrl(address.strip())
    query = QUrlQuery(url)
    key_names = [name for name, _value in query.queryItems() if name.lower() == KEY]
    key = query.queryItemValue(key_names[0]) if key_names else ""
    for name in key_names:
        query.removeAllQueryItems(name)
    url.setQuery(query if query.queryItems() else QUrlQuery())
    address_without_key = url.toString(QUrl.ComponentFormattingOption.FullyEncoded) if key_names else address.strip()
    return address_without_key.rstrip("?"), key


def begin_moving_keys() -> str:
    """Register a function for every request of QGIS; return the id for end_moving_keys."""
    return QgsNetworkAccessManager.setRequestPreprocessor(_move_key)


def end_moving_keys(number: str) -> None:
    """Remove the function from QGIS's requests."""
    QgsNetworkAccessManager.removeRequestPreprocessor(number)


def _move_key(request: QNetworkRequest) -> None:
    """Move the key of a request; called in any thread, so it changes nothing but the request."""
    name = KEY.encode("ascii")
    if not request.hasRawHeader(name):
        return
    url = request.url()
    query = QUrlQuery(url)
    query.removeAllQueryItems(KEY)
    query.addQueryItem(KEY, bytes(request.rawHeader(name)).decode("ascii", "replace"))
    url.setQuery(query)
    request.setUrl(url)
    request.setRawHeader(name, QByteArray())  # without a value it is not sent
