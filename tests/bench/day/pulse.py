"""A pulse of ten milliseconds in the main thread, which measures its hangs in wall time and processor time."""

import time

from qgis.PyQt.QtCore import Qt, QTimer

BEAT_MS = 10


class Pulse:
    """Between two beats Qt could do nothing else: no key was read, and nothing was painted."""

    def __init__(self):
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self.begin()
        self._timer.start(BEAT_MS)

    def begin(self):
        """Forget what was."""
        self._clock = self._begun = time.perf_counter()
        self._processor = self._spent = time.thread_time()
        self.longest_s = self.longest_processor_s = 0.0

    def _beat(self):
        clock, processor = time.perf_counter(), time.thread_time()
        self.longest_s = max(self.longest_s, clock - self._clock)
        self.longest_processor_s = max(self.longest_processor_s, processor - self._processor)
        self._clock, self._processor = clock, processor

    def read(self):
        """Measurements since the start: wall seconds, the main thread's processor seconds, and both longest gaps."""
        self._beat()
        return {
            "seconds": self._clock - self._begun,
            "processor_s": self._processor - self._spent,
            "gap_s": self.longest_s,
            "gap_processor_s": self.longest_processor_s,
        }
