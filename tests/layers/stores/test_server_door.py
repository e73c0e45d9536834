"""A server's messages before it accepts a connection: without a code, in its own language and encoding."""

import contextlib
import socket
import struct
import threading

import pytest

REFUSALS = {
    'database "city" does not exist': "library.no_database",
    '数据库 "city" 不存在': "library.no_database",
    'role "wang" does not exist': "library.password",
    '角色 "wang" 不存在': "library.password",
    'role "wang" is not permitted to log in': "library.password",
    '不允许角色"wang" 进行登录': "library.password",
    'Peer authentication failed for user "wang"': "library.password",
    '对用户"wang"的对等认证失败': "library.password",
    'no pg_hba.conf entry for host "127.0.0.1", user "wang", database "city"': "library.password",
    '没有用于主机 "127.0.0.1", 用户 "wang", 数据库 "city" 的 pg_hba.conf 记录': "library.password",
    "the database system is starting up": "正在启动或停止",
    "数据库系统启动中": "正在启动或停止",
    "数据库系统在恢复模式中": "正在启动或停止",
    "sorry, too many clients already": "连接数已满",
    "对不起, 已经有太多的客户": "连接数已满",
    '由角色"wang"发起的连接太多了': "连接数已满",
}


@contextlib.contextmanager
def door(message, encoding):
    """A server that refuses everybody at once with a message; return its port."""
    fields = [b"S" + "致命错误".encode(encoding), b"VFATAL", b"C28000", b"M" + message.encode(encoding)]
    body = b"\0".join([*fields, b"", b""])
    refusal = b"E" + struct.pack("!i", len(body) + 4) + body
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse():
            with contextlib.suppress(OSError):
                while True:
                    client = listening.accept()[0]
                    with client:
                        while len(request := client.recv(1 << 12)) == 8:  # asks for TLS or Kerberos first
                            client.sendall(b"N")
                        if request:
                            client.sendall(refusal)

        answering = threading.Thread(target=refuse)
        answering.start()
        yield listening.getsockname()[1]
        with contextlib.suppress(OSError):  # macOS says that nobody is connected
            listening.shutdown(socket.SHUT_RDWR)
        answering.join()


@contextlib.contextmanager
def pooler(database):
    """A proxy that tells clients another process than the one that answers, as PgBouncer does; return its port."""
    with contextlib.ExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0)))

        def copy(source, sink, alter):
            with contextlib.suppress(OSError):
                while part := source.recv(1 << 16):
                    sink.sendall(alter(part))
                sink.shutdown(socket.SHUT_WR)

        def with_other_process(part):
            at = part.find(b"K\0\0\0\x0c")  # the message with the number of the process, of twelve bytes
            return part if at < 0 else part[: at + 5] + b"\0\0\0\1" + part[at + 9 :]

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client = held.enter_context(listening.accept()[0])
                    server = held.enter_context(socket.socket(socket.AF_UNIX))
                    server.connect(str(database.folder / ".s.PGSQL.5432"))
                    for words in ((client, server, bytes), (server, client, with_other_process)):
                        threading.Thread(target=copy, args=words, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def test_a_pooler_between_us_and_a_library_is_refused_and_a_table_is_read_through_it(postgis, onemap):
    database = postgis.database()
    assert onemap("new", f"{database.url}&schema=city", "--crs", "EPSG:4547").code == 0
    database.run("CREATE TABLE plots AS SELECT 1 AS id, ST_MakeEnvelope(0, 0, 1, 1, 4547) AS geom")
    with pooler(database) as port:
        address = f"postgresql://onemap@127.0.0.1:{port}/{database.name}?sslmode=disable&gssencmode=disable"
        assert onemap("layers", f"{address}&schema=city").codes == ["library.pooled"]
        assert onemap("new", f"{address}&schema=other", "--crs", "EPSG:4547").codes == ["library.pooled"]
        assert onemap("inspect", f"{address}&table=plots").json["layers"][0]["count"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("message", REFUSALS)
def test_each_refusal_is_understood_in_both_languages(onemap, message, encoding):
    wanted = REFUSALS[message]
    with door(message, encoding) as port:
        answer = onemap("--lang", "zh", "layers", f"postgresql://wang@127.0.0.1:{port}/city")
        read = onemap("--lang", "zh", "inspect", f"postgresql://wang@127.0.0.1:{port}/city")
    (problem,), (unread,) = answer.json["problems"], read.json["problems"]
    if wanted.startswith("library."):
        assert (problem["code"], unread["code"]) == (wanted, "postgis.unreachable")
        assert message in problem["message"] and message in unread["message"]
    else:
        assert (problem["code"], unread["code"]) == ("library.unreachable", "postgis.unreachable")
        assert wanted in problem["message"] and wanted in unread["message"]
