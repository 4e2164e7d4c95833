# Copyright the ftpserver-spsv authors.
#
# Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
# compliance with the License. You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software distributed under the License is
# distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and limitations under the License.
"""One thing that Python's own FTP client does: ftplib_client.py HOST PORT USER PASSWORD WHAT DIRECTORY.

WHAT names one of the functions below, and DIRECTORY is where local files may be. Prints "done WHAT" when all was well.
"""

import ftplib
import hashlib
import io
import os
import random
import socket
import sys

SIZE = 1024 * 1024
LARGE = 64 * 1024 * 1024
TIMEOUT = 20


def content(name, size=SIZE):
    """Returns random bytes, the same ones for the same name."""
    return random.Random(name).randbytes(size)


def put(ftp, name, data):
    ftp.storbinary("STOR " + name, io.BytesIO(data))


def get(ftp, name, rest=None):
    parts = []
    ftp.retrbinary("RETR " + name, parts.append, rest=rest)
    return b"".join(parts)


def there_and_back(ftp, name):
    data = content(name)
    put(ftp, name, data)
    assert ftp.size(name) == len(data), "size"
    assert get(ftp, name) == data, "what came back is not what was sent"


def passive(ftp, directory):
    there_and_back(ftp, "passive.bin")
    assert "passive.bin" in ftp.nlst(), "nlst"


def active(ftp, directory):
    ftp.set_pasv(False)
    there_and_back(ftp, "active.bin")
    assert "active.bin" in ftp.nlst(), "nlst"


def pasv(ftp, directory):
    # ftplib sends EPSV and EPRT over IPv6 only
    ftp.af = socket.AF_INET
    host, port = ftp.makepasv()
    assert port > 0, port
    there_and_back(ftp, "pasv.bin")


def epsv(ftp, directory):
    ftp.af = socket.AF_INET6
    host, port = ftp.makepasv()
    assert host == ftp.sock.getpeername()[0], host
    there_and_back(ftp, "epsv.bin")


def changing_modes(ftp, directory):
    for i in range(10):
        ftp.set_pasv(i % 2 == 0)
        there_and_back(ftp, "changing%d.bin" % i)


def ascii_lines(ftp, directory):
    lines = ["line %d" % i for i in range(5000)]
    ftp.storlines("STOR lines.txt", io.BytesIO(("\n".join(lines) + "\n").encode("ascii")))
    back = []
    ftp.retrlines("RETR lines.txt", back.append)
    assert back == lines, "lines"


def rest(ftp, directory):
    data = content("rest.bin")
    put(ftp, "rest.bin", data)
    for offset in (1, 65536, SIZE - 1, SIZE):
        assert get(ftp, "rest.bin", rest=offset) == data[offset:], offset
    ftp.storbinary("STOR rest.bin", io.BytesIO(data[600000:]), rest=600000)
    assert get(ftp, "rest.bin") == data, "an upload that goes on"


def listings(ftp, directory):
    ftp.mkd("listed")
    ftp.cwd("listed")
    put(ftp, "one.bin", b"1" * 11)
    put(ftp, "two.bin", b"2" * 22)
    ftp.mkd("below")
    facts = dict(ftp.mlsd())
    assert facts["one.bin"]["size"] == "11", facts
    assert facts["two.bin"]["size"] == "22", facts
    assert facts["below"]["type"] == "dir", facts
    assert sorted(ftp.nlst()) == ["below", "one.bin", "two.bin"], "nlst"
    lines = []
    ftp.dir(lines.append)
    assert len(lines) == 3, lines
    ftp.cwd("/")
    assert ftp.nlst("listed/below") == [], "an empty listing"


def unique(ftp, directory):
    # the server names the file in its 150
    replies = []
    getresp = ftp.getresp

    def record():
        reply = getresp()
        replies.append(reply)
        return reply

    ftp.getresp = record
    before = set(ftp.nlst())
    ftp.storbinary("STOU", io.BytesIO(b"unique"))
    ftp.storbinary("STOU", io.BytesIO(b"unique"))
    made = set(ftp.nlst()) - before
    assert len(made) == 2, made
    for name in made:
        assert get(ftp, name) == b"unique", name
        assert any(name in reply for reply in replies), replies


def appending(ftp, directory):
    put(ftp, "appended.bin", b"one")
    ftp.storbinary("APPE appended.bin", io.BytesIO(b"two"))
    assert get(ftp, "appended.bin") == b"onetwo", "appended"


def abort(ftp, directory):
    put(ftp, "long.bin", content("long.bin", LARGE))
    # ftplib sends ABOR as urgent data
    for i in range(3):
        data = ftp.transfercmd("RETR long.bin")
        assert len(data.recv(1000)) > 0, "the transfer has begun"
        reply = ftp.abort()
        if reply.startswith("426"):
            assert ftp.voidresp().startswith("226"), "226 behind 426"
        count = 0
        try:
            part = data.recv(65536)
            while part:
                count += len(part)
                part = data.recv(65536)
        except ConnectionResetError:
            pass
        data.close()
        assert count < LARGE, "the whole file came in spite of ABOR"
        assert ftp.sendcmd("NOOP").startswith("200"), "NOOP"
        there_and_back(ftp, "aborted%d.bin" % i)


def abort_upload(ftp, directory):
    for i in range(3):
        data = ftp.transfercmd("STOR broken.bin")
        data.sendall(content("broken.bin"))
        reply = ftp.abort()
        if reply.startswith("426"):
            assert ftp.voidresp().startswith("226"), "226 behind 426"
        data.close()
        there_and_back(ftp, "after%d.bin" % i)


def abort_nothing(ftp, directory):
    assert ftp.sendcmd("ABOR").startswith("226"), "ABOR without a transfer"
    there_and_back(ftp, "nothing.bin")


def many(ftp, directory):
    for i in range(100):
        there_and_back_small = content("many%d" % i, 4096 + i)
        put(ftp, "many.bin", there_and_back_small)
        assert get(ftp, "many.bin") == there_and_back_small, i


def large(ftp, directory):
    name = os.path.join(directory, "large.bin")
    with open(name, "wb") as out:
        out.write(content("large.bin", LARGE))
    digest = hashlib.sha256(content("large.bin", LARGE)).hexdigest()
    with open(name, "rb") as source:
        ftp.storbinary("STOR large.bin", source)
    back = hashlib.sha256()
    ftp.retrbinary("RETR large.bin", back.update)
    assert back.hexdigest() == digest, "digest"


def half_read_then_closed(ftp, directory):
    put(ftp, "half.bin", content("half.bin", LARGE))
    data, size = ftp.ntransfercmd("RETR half.bin")
    assert len(data.recv(1000)) > 0, "the transfer has begun"
    data.close()
    try:
        reply = ftp.voidresp()
    except ftplib.error_temp as error:
        reply = str(error)
    assert reply[:3] in ("226", "426", "451"), reply
    there_and_back(ftp, "after_half.bin")


def nothing_prepared(ftp, directory):
    try:
        reply = ftp.sendcmd("RETR nothing-prepared.bin")
    except ftplib.error_temp as error:
        reply = str(error)
    assert reply.startswith("425"), reply
    there_and_back(ftp, "prepared.bin")


def errors(ftp, directory):
    for command, code in (("RETR missing.bin", "550"), ("CWD missing", "550"), ("NONSENSE", "50")):
        for i in range(2):
            try:
                ftp.retrbinary(command, lambda part: None)
                raise AssertionError(command + " was accepted")
            except ftplib.error_perm as error:
                assert str(error).startswith(code), error
    there_and_back(ftp, "after_errors.bin")


def names(ftp, directory):
    for name in ("two words.bin", "Gr\u00fc\u00dfe.bin", "\u4e2d\u6587.bin"):
        there_and_back(ftp, name)
        assert name in ftp.nlst(), name
        ftp.rename(name, "renamed.bin")
        ftp.delete("renamed.bin")


def main():
    host, port, user, password, what, directory = sys.argv[1:]
    with ftplib.FTP(timeout=TIMEOUT, encoding="utf-8") as ftp:
        ftp.connect(host, int(port))
        ftp.login(user, password)
        globals()[what](ftp, directory)
    print("done " + what)


if __name__ == "__main__":
    main()
