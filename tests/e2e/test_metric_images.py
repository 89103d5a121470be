"""Images of metric widgets, as clients get them: decoded, and looked at in places."""

import base64
import datetime
import json
import struct
import zlib

import pytest

from conftest import START, refused
from test_metrics import cloudwatch  # noqa: F401 (a fixture: a client for each protocol)

pytestmark = pytest.mark.usefixtures("user")

BEGIN = datetime.datetime.fromisoformat(START)
WHITE = (255, 255, 255)
BLUE, ORANGE = (0x1F, 0x77, 0xB4), (0xFF, 0x7F, 0x0E)


class Image:
    """The pixels of a PNG of eight-bit red, green and blue."""

    def __init__(self, png):
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        parts, at = {}, 8
        while at < len(png):
            (length,) = struct.unpack(">I", png[at : at + 4])
            name, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
            assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + content)
            parts[name] = parts.get(name, b"") + content
            at += 12 + length
        self.width, self.height, *kind = struct.unpack(">IIBBBBB", parts[b"IHDR"])
        assert kind == [8, 2, 0, 0, 0] and b"IEND" in parts
        data, stride = zlib.decompress(parts[b"IDAT"]), self.width * 3
        assert len(data) == (stride + 1) * self.height
        above, self.rows = bytes(stride), []
        for start in range(0, len(data), stride + 1):
            assert data[start] in (0, 2)
            row = data[start + 1 : start + 1 + stride]
            if data[start] == 2:
                row = bytes((a + b) & 255 for a, b in zip(row, above))
            self.rows.append(row)
            above = row

    def at(self, x, y):
        return tuple(self.rows[y][3 * x : 3 * x + 3])

    def places(self, color):
        return [(x, y) for y in range(self.height) for x in range(self.width) if self.at(x, y) == color]


def draw(client, **widget):
    answer = client.get_metric_widget_image(MetricWidget=json.dumps(widget))
    return Image(answer["MetricWidgetImage"])


@pytest.fixture
def load(trailcam):
    """`Load` of two servers, 20 and 60, for three hours up to now."""
    client = trailcam.client("cloudwatch")
    for server, value in [("a", 20.0), ("b", 60.0)]:
        data = [
            {
                "MetricName": "Load",
                "Dimensions": [{"Name": "Server", "Value": server}],
                "Timestamp": BEGIN - datetime.timedelta(minutes=5 * n),
                "Value": value,
                "Unit": "Percent",
            }
            for n in range(1, 36)
        ]
        client.put_metric_data(Namespace="App", MetricData=data)
    return [["App", "Load", "Server", "a"], ["...", "b"]]


def test_the_same_image_on_every_protocol(cloudwatch, trailcam, load):  # noqa: F811
    widget = {"metrics": load, "title": "Load", "width": 300, "height": 200}
    image = draw(cloudwatch, **widget)
    assert (image.width, image.height) == (300, 200)
    assert image.at(0, 0) == WHITE
    assert image.places(BLUE) and image.places(ORANGE)
    assert image.rows == draw(trailcam.client("cloudwatch"), **widget).rows


def test_lines_stand_where_their_values_are(cloudwatch, load):  # noqa: F811
    axis = {"left": {"min": 0, "max": 80}}
    image = draw(cloudwatch, metrics=load, yAxis=axis, legend={"position": "hidden"}, width=300, height=200)
    rows = {color: {y for _, y in image.places(color)} for color in (BLUE, ORANGE)}
    low, high = max(rows[BLUE]), min(rows[ORANGE])
    # 60 and 20 of 80: half of the height apart, a quarter from the top and the bottom.
    assert 70 < low - high < 100
    assert abs((low + high) / 2 - 100) < 15


@pytest.mark.parametrize(
    "view",
    [
        {"view": "timeSeries", "stacked": True},
        {"view": "bar"},
        {"view": "pie"},
        {"view": "gauge", "yAxis": {"left": {"min": 0, "max": 100}}},
        {"view": "singleValue", "sparkline": True, "setPeriodToTimeRange": True},
    ],
    ids=lambda view: view["view"],
)
def test_views(trailcam, load, view):
    image = draw(trailcam.client("cloudwatch"), metrics=load, width=240, height=160, **view)
    assert len(image.places(BLUE)) > 40 and len(image.places(ORANGE)) > 40


def test_annotations_and_theme(trailcam, load):
    client = trailcam.client("cloudwatch")
    line = {"value": 50, "color": "#ff0000", "fill": "above", "label": "Too much"}
    more = {"annotations": {"horizontal": [line]}, "yAxis": {"left": {"min": 0, "max": 100}}, "theme": "dark"}
    image = draw(client, metrics=load, width=200, height=160, **more)
    assert image.at(0, 0) == (0x16, 0x19, 0x1F)
    assert len(image.places((255, 0, 0))) > 100
    # A fifth of red over the dark: in the upper half of the graph, nowhere below the line.
    is_shade = lambda color: all(abs(part - wanted) <= 2 for part, wanted in zip(color, (69, 20, 25)))
    shaded = [y for y in range(image.height) if is_shade(image.at(100, y))]
    (line,) = {y for x, y in image.places((255, 0, 0)) if x == 100}
    assert len(shaded) > 20 and max(shaded) < line


def test_a_metric_without_data_is_an_empty_graph(trailcam):
    image = draw(trailcam.client("cloudwatch"), metrics=[["App", "Nothing"]], width=200, height=150)
    # Only the legend has its colour.
    assert all(y > 120 for _, y in image.places(BLUE))


def test_what_cannot_be_drawn(trailcam, load):
    client = trailcam.client("cloudwatch")
    code, message, status = refused(
        client.get_metric_widget_image, MetricWidget=json.dumps({"metrics": load, "view": "cube", "width": 9999})
    )
    assert (code, status) == ("ValidationError", 400)
    errors = json.loads(message.partition("\n")[2])
    assert errors == [
        {"dataPath": "/view", "message": "Should be equal to one of the allowed values"},
        {"dataPath": "/width", "message": "Should be <= 2000"},
    ]
    expression = json.dumps({"metrics": [[{"expression": "SUM("}]]})
    assert refused(client.get_metric_widget_image, MetricWidget=expression)[0] == "ValidationError"
    widget = json.dumps({"metrics": load})
    assert refused(client.get_metric_widget_image, MetricWidget=widget, OutputFormat="gif")[0] == "InvalidParameterValue"
    assert refused(client.get_metric_widget_image, MetricWidget=widget, OutputFormat="image/png")[0] == "NotImplemented"


def test_records_are_data_events(trailcam, load):
    widget = json.dumps({"metrics": load, "width": 20, "height": 20})
    trailcam.client("cloudwatch").get_metric_widget_image(MetricWidget=widget)
    (record,) = trailcam.events(eventName="GetMetricWidgetImage")
    assert (record["eventCategory"], record["readOnly"], record["responseElements"]) == ("Data", True, None)
    assert record["requestParameters"] == {"metricWidget": widget}


def test_with_the_command_line(trailcam, load):
    widget = {"metrics": load, "title": "Load", "start": "-PT3H", "end": "PT0H", "timezone": "+0900"}
    answer = trailcam.aws("cloudwatch", "get-metric-widget-image", "--metric-widget", json.dumps(widget))
    image = Image(base64.b64decode(answer["MetricWidgetImage"]))
    assert (image.width, image.height) == (600, 400)
