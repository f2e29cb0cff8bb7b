# SPDX-License-Identifier: Apache-2.0
"""What a play did, a line of JSON for each task and host: ansible-core has no such callback of its own."""
import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: report
type: stdout
short_description: A line of JSON for each result
description: For tests.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "report"

    def _line(self, result, state):
        task = result.task if hasattr(result, "task") else result._task
        fields = result.result if hasattr(result, "result") else result._result
        messages = [str(item["msg"]) for item in [fields, *fields.get("results", [])] if "msg" in item]
        rest = {name: str(fields[name]) for name in ("stderr", "stdout", "exception") if fields.get(name) and state == "failed"}
        print(json.dumps({"task": task.get_name().split(" : ")[-1].strip(), "state": state, "messages": messages, **rest}), flush=True)

    def v2_runner_on_ok(self, result):
        fields = result.result if hasattr(result, "result") else result._result
        self._line(result, "changed" if fields.get("changed") else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._line(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result):
        self._line(result, "failed")
