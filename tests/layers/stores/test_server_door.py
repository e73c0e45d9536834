"""What a server says before it lets anybody in: it comes without a number, in its own language and its own encoding."""

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
    """A server that refuses everybody at once with a message; its port."""
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
