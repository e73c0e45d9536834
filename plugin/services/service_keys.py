"""Keys of services that want them in the address, such as 天地图's tk: kept in QGIS's authentication store only.

QGIS's own method "API Header" sends what the store holds as headers. Servers that take their key only from the
address would not see it; so a header of that name is moved into the address, request by request, just before it is
sent. The key is thus never in a library, a project or a data source.
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
    """Put a key into QGIS's authentication store, which asks for its master password if need be; returns the id.

    Raises Refusal where the store is disabled, or stays locked.
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
    """An address without its key, and the key; an empty one where there is none."""
    url = QUrl(address.strip())
    query = QUrlQuery(url)
    found = [name for name, _value in query.queryItems() if name.lower() == KEY]
    key = query.queryItemValue(found[0]) if found else ""
    for name in found:
        query.removeAllQueryItems(name)
    url.setQuery(query if query.queryItems() else QUrlQuery())
    plain = url.toString(QUrl.ComponentFormattingOption.FullyEncoded) if found else address.strip()
    return plain.rstrip("?"), key


def begin_moving_keys() -> str:
    """Look at every request of QGIS from now on; returns what end_moving_keys wants."""
    return QgsNetworkAccessManager.setRequestPreprocessor(_move_key)


def end_moving_keys(number: str) -> None:
    """Leave QGIS's requests alone again."""
    QgsNetworkAccessManager.removeRequestPreprocessor(number)


def _move_key(request: QNetworkRequest) -> None:
    """Called in whichever thread asks: it touches nothing but the request."""
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
