import unittest
from datetime import datetime, timezone

import service
from dayu_stage import Element, Labels, Reading, Readings, Skip


def readings(*values):
    now = datetime.now(timezone.utc)
    return Element(payload=Readings(Reading("oven", now, value, "C") for value in values))


class ServiceTest(unittest.TestCase):
    def test_it_counts_readings_above_the_limit(self):
        self.assertEqual(Labels({"above": 2}), service.{FUNCTION}(readings(29, 31, 35), {"limit": 30}))

    def test_it_skips_what_has_none(self):
        self.assertIsInstance(service.{FUNCTION}(readings(20), {"limit": 30}), Skip)


if __name__ == "__main__":
    unittest.main()
