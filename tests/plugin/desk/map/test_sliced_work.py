"""Work on many layers in slices, between which Qt handles other events."""

from qgis.PyQt.QtCore import QTimer

from onemap.plugin.desk.map.sliced_work import STEPS_AT_ONCE, SlicedWork
from onemap.tests.plugin.small_town import wait_for


def test_a_slice_is_done_at_once_and_other_events_come_between_the_next():
    log, work = [], SlicedWork()
    count = 2 * STEPS_AT_ONCE + 3

    def steps():
        for number in range(count):
            log.append(number)
            yield

    QTimer.singleShot(0, lambda: log.append("key"))
    work.begin(steps(), lambda: log.append("done"))
    assert log == list(range(STEPS_AT_ONCE))
    wait_for(lambda: "done" in log)
    assert log.index("key") < log.index(count - 1) and [one for one in log if one != "key"] == [*range(count), "done"]


def test_what_is_begun_anew_takes_the_place_of_what_is_not_done_yet():
    log, work = [], SlicedWork()
    work.begin(iter(range(100)), lambda: log.append("first"))
    work.begin(iter(range(20)), lambda: log.append("second"))
    wait_for(lambda: log)
    work.begin(iter(range(100)), lambda: log.append("third"))
    work.stop()
    QTimer.singleShot(0, lambda: QTimer.singleShot(0, lambda: log.append("later")))
    wait_for(lambda: "later" in log)
    assert log == ["second", "later"]
