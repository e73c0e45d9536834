"""Why the system or a server refused, in the user's language if the reason is a common one."""

import contextlib
import errno
import os
import sqlite3

import pytest

from onemap.layers.catalogue.toml_text import toml_reason
from onemap.layers.errors import OneMapError, file_reason, server_reason, sqlite_reason, text_reason
from onemap.layers.messages import problem_record


@pytest.mark.parametrize(
    ("words", "zh"),
    [
        (
            'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused',
            "没有服务器在应答",
        ),
        ("connection failed: server closed the connection unexpectedly", "服务器断开了连接"),
        ("connection timeout expired", "没有应答"),
        ("[Errno -2] Name or service not known", "找不到这个主机名"),
        ("FATAL:  sorry, too many clients already", "连接数已满"),
        ("FATAL:  the database system is starting up", "正在启动或停止"),
        ("FATAL:  terminating connection due to administrator command", "服务器断开了连接"),
    ],
)
def test_what_a_server_says_stands_in_a_sentence_of_one_language(words, zh):
    problem = OneMapError("library.unreachable", file="town", reason=server_reason(words)).problems[0]
    message = {language: problem_record(problem, language)["message"] for language in ("zh", "en")}
    assert zh in message["zh"]
    assert words not in message["en"] and words not in message["zh"]


def test_rare_words_of_a_server_are_kept():
    assert server_reason("FATAL: the moon is full") == "FATAL: the moon is full"


@pytest.mark.parametrize(
    ("number", "zh"), [(errno.ENOSPC, "磁盘已满"), (errno.EACCES, "没有权限"), (errno.ENOENT, "没有这个文件")]
)
def test_what_the_system_says_of_a_file_stands_in_a_sentence_of_one_language(number, zh):
    problem = OneMapError("out.failed", file="a.xlsx", reason=file_reason(OSError(number, os.strerror(number))))
    message = problem_record(problem.problems[0], "zh")["message"]
    assert zh in message and os.strerror(number) not in message


@pytest.mark.parametrize("reason", [text_reason, toml_reason])
def test_a_file_that_is_no_utf_8_says_so_in_a_sentence_of_one_language(reason):
    with pytest.raises(UnicodeDecodeError) as caught:
        "名称 = 1".encode("gb18030").decode()
    problem = OneMapError("data.syntax", file="project.toml", reason=reason(caught.value)).problems[0]
    message = {language: problem_record(problem, language)["message"] for language in ("zh", "en")}
    assert "不是 UTF-8 文本（第 1 个字节）" in message["zh"] and "it is not UTF-8 text (byte 1)" in message["en"]
    assert not any("codec" in words for words in message.values())


def test_rare_words_of_the_system_are_kept():
    assert file_reason(OSError(errno.ELOOP, "Too many levels of symbolic links")) == "Too many levels of symbolic links"


def test_a_file_that_sqlite_cannot_enlarge_says_why():
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE one (content)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("INSERT INTO one VALUES (?)", ["x" * 100_000])
    assert sqlite_reason(caught.value).code == "system.no_room"
    assert sqlite_reason(sqlite3.OperationalError("something rare")) == "something rare"
