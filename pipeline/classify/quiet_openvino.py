"""OpenVINO without its telemetry: imported as it comes, it tells Google Analytics of each process, unasked.

It does without when its telemetry cannot be imported, and has a stand-in for that.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402

__all__ = ["ov"]
