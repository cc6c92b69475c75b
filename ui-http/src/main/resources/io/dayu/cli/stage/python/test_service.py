import unittest
from datetime import datetime, timezone

from dayu_stage import Element, Labels, Reading, Readings, Skip
from service import {FUNCTION}


def readings(*values):
    now = datetime.now(timezone.utc)
    return Element(payload=Readings(Reading("oven", now, value, "C") for value in values))


class ServiceTest(unittest.TestCase):
    def test_it_counts_readings_above_the_limit(self):
        self.assertEqual(Labels({"above": 2}), {FUNCTION}(readings(29, 31, 35), {"limit": 30}))

    def test_it_skips_what_has_none(self):
        self.assertIsInstance({FUNCTION}(readings(20), {"limit": 30}), Skip)


if __name__ == "__main__":
    unittest.main()
