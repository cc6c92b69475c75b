"""How the main thread is woken."""

import signal
import socket


class Wake:
    """Wakes the main thread from any thread, and at each signal once ``at_signals`` was called.

    A handler runs between two steps of the main thread. A signal that comes after that has looked for signals, and before
    it waits, would be handled when the wait is over; so each signal writes to a socket, and that is what is waited for.
    """

    def __init__(self):
        self.waited_for, self._writing = socket.socketpair()
        self._writing.setblocking(False)

    def at_signals(self):
        """Only from the main thread."""
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)

    def now(self):
        try:
            self._writing.send(b"x")
        except BlockingIOError:
            pass  # it is full, so it wakes all the same

    def wait(self):
        self.waited_for.recv(1)

    def close(self):
        self._writing.close()
        self.waited_for.close()
