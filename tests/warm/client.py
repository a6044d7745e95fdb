"""Has a server run a script, in this process's place: ``python -ISE client.py SOCKET SCRIPT …``.

Signals are handed on, and it ends as the script does. If this process is killed, so is the script.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

path, *script = sys.argv[1:]
connection = socket.socket(socket.AF_UNIX)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, _: connection.send(bytes([number])))
connection.connect(path)
folder = os.getcwd()  # noqa: PTH109 - pathlib takes long to import
request = repr((script, folder, dict(os.environ))).encode("utf-8", "surrogateescape")
socket.send_fds(connection, [len(request).to_bytes(4, "big")], [0, 1, 2])
connection.sendall(request)
os.close(0)
os.close(1)
status = connection.recv(4, socket.MSG_WAITALL)
if not status:
    sys.exit(f"the server has ended: see {path}.log")
code = os.waitstatus_to_exitcode(int.from_bytes(status, "big"))
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
