import unittest

import service
from dayu_stage import Element, Labels


class ServiceTest(unittest.TestCase):
    def test_it_makes_a_line_of_each_alarm(self):
        element = Element(created_at="2026-01-01T12:00:00Z", inputs={"alarm": Labels({"press": 91.26, "oven": 3})})
        self.assertEqual(
            ("2026-01-01T12:00:00Z press: 91.3", "2026-01-01T12:00:00Z oven: 3.0"),
            tuple(service.report(element, {"digits": 1})),
        )


if __name__ == "__main__":
    unittest.main()
